// The reader of Protocol Buffers: what is well formed is read, and what is cut short or lies is refused.

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lemnos/error.h"
#include "onnx/bytes.h"
#include "onnx/model.h"
#include "onnx/wire.h"

namespace lemnos::onnx {
namespace {

using namespace made;

using Numbers = std::vector<int64_t>;

std::span<const std::byte> as_bytes(const std::string& message) { return std::as_bytes(std::span(message)); }

Field only_field(const std::string& message) {
  WireReader reader(as_bytes(message));
  Field field;
  EXPECT_TRUE(reader.next(field));
  EXPECT_TRUE(reader.at_end());
  return field;
}

void expect_refused(const std::function<void()>& reads, const std::string& because) {
  try {
    reads();
    ADD_FAILURE() << "was read, though: " << because;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::corrupt_data) << e.what();
    EXPECT_NE(std::string(e.what()).find(because), std::string::npos) << e.what();
  }
}

void expect_message_refused(const std::string& message, const std::string& because) {
  expect_refused(
      [&] {
        WireReader reader(as_bytes(message));
        for (Field field; reader.next(field);) continue;
      },
      because);
}

TEST(Wire, ReadsEveryKind) {
  const Field varint = only_field("\x08\x96\x01");
  EXPECT_EQ(varint.number, 1u);
  EXPECT_EQ(varint.integer(), 150);
  EXPECT_EQ(only_field({"\x10\0", 2}).integer(), 0);
  EXPECT_EQ(only_field("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").integer(), -1);
  EXPECT_EQ(only_field({"\x15\0\0\x80\x3f", 5}).real(), 1.f);
  EXPECT_EQ(only_field({"\x51\0\0\0\0\0\0\xf8\xbf", 9}).double_real(), -1.5);
  const std::string message = "\x22\x03one";
  const Field text = only_field(message);
  EXPECT_EQ(text.number, 4u);
  EXPECT_EQ(text.text(), "one");
  EXPECT_EQ(only_field({"\x22\0", 2}).text(), "");
  EXPECT_EQ(only_field("\xa2\x01\x01x").number, 20u);
}

TEST(Wire, ReadsFieldsInTheirOrderAndEndsThere) {
  const std::string message = "\x08\x01\x10\x02\x08\x03";
  WireReader reader(as_bytes(message));
  Numbers read;
  for (Field field; reader.next(field);) read.insert(read.end(), {field.number, field.integer()});
  EXPECT_EQ(read, (Numbers{1, 1, 2, 2, 1, 3}));
  Field field;
  EXPECT_FALSE(reader.next(field));
}

TEST(Wire, RepeatedNumbersMayBePacked) {
  Numbers integers;
  only_field("\x0a\x04\x01\x96\x01\x03").add_to(integers);
  only_field("\x08\x07").add_to(integers);
  EXPECT_EQ(integers, (Numbers{1, 150, 3, 7}));
  std::vector<float> floats;
  only_field({"\x22\x08\0\0\x80\x3f\0\0\0\x40", 10}).add_to(floats);
  only_field({"\x25\0\0\x40\x40", 5}).add_to(floats);
  EXPECT_EQ(floats, (std::vector<float>{1, 2, 3}));
  std::vector<double> doubles;
  only_field({"\x52\x08\0\0\0\0\0\0\xf8\xbf", 10}).add_to(doubles);
  EXPECT_EQ(doubles, (std::vector<double>{-1.5}));
}

TEST(Wire, WhatIsCutShortIsRefused) {
  expect_message_refused("\x08", "cut short within a varint at byte 1");
  expect_message_refused("\x08\x96", "cut short within a varint at byte 2");
  expect_message_refused("\x80", "cut short within a varint");
  expect_message_refused({"\x15\0\0\x80", 4}, "cut short within 4 bytes");
  expect_message_refused({"\x51\0\0\0\0", 5}, "cut short within 8 bytes");
  expect_message_refused("\x22\x05one", "is 5 bytes long, and 3 are left");
  expect_message_refused("\x22", "cut short");
}

TEST(Wire, WhatLiesIsRefused) {
  // A length of 2^63 and one of 2^64 - 1, which added to a place would go round.
  expect_message_refused("\x22\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01x", "9223372036854775808 bytes long");
  expect_message_refused("\x22\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", "18446744073709551615 bytes long");
  expect_message_refused("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "past 64 bits");
  expect_message_refused("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "past 64 bits");
  expect_message_refused({"\0\0", 2}, "field number 0");
  expect_message_refused("\x80\x80\x80\x80\x80\x01\x01", "field number 4294967296");
  for (const char* kind : {"\x0b", "\x0c", "\x0e", "\x0f"}) expect_message_refused(kind, "has the kind");
}

TEST(Wire, AFieldOfAnotherKindIsRefused) {
  expect_refused([] { (void)only_field("\x22\x03one").integer(); }, "is bytes where an integer was expected");
  expect_refused([] { (void)only_field("\x08\x01").text(); }, "is a varint where text was expected");
  expect_refused([] { (void)only_field("\x08\x01").real(); }, "where a float was expected");
  expect_refused([] { (void)only_field({"\x15\0\0\x80\x3f", 5}).double_real(); }, "is 32 bits where a double");
  std::vector<float> floats;
  expect_refused([&] { only_field({"\x22\x03\0\0\0", 5}).add_to(floats); }, "no whole number of items of 4");
  Numbers integers;
  expect_refused([&] { only_field("\x0a\x01\x96").add_to(integers); }, "cut short within a varint");
}

TEST(OnnxTensor, ReadsItsNumbersWhereverTheyStand) {
  const Tensor raw = tensor_from(
      as_bytes(tensor("x", 7, {2}, {{9, std::string("\1\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff", 16)}})));
  EXPECT_EQ(raw.name, "x");
  EXPECT_EQ(raw.dtype, "I64");
  EXPECT_EQ(raw.shape, (Shape{2}));
  EXPECT_EQ(raw.values, (std::vector<double>{1, -2}));
  const Tensor floats = tensor_from(as_bytes(tensor("x", 1, {1, 2}, {{4, std::string("\0\0\x80\x3f\0\0\0\x40", 8)}})));
  EXPECT_EQ(floats.values, (std::vector<double>{1, 2}));
  const Tensor halves = tensor_from(as_bytes(tensor("x", 10, {1}, {{5, std::string("\x80\x78", 2)}})));  // 0x3c00
  EXPECT_EQ(halves.dtype, "F16");
  EXPECT_EQ(halves.values, (std::vector<double>{1}));
  const Tensor bits = tensor_from(as_bytes(tensor("x", 4, {1}, {{9, std::string("\x80\x3f", 2)}})), "BF16");
  EXPECT_EQ(bits.dtype, "BF16");
  EXPECT_EQ(bits.values, (std::vector<double>{1}));
}

TEST(OnnxTensor, WhatACourtDoesNotReadSaysSo) {
  EXPECT_FALSE(tensor_from(as_bytes(tensor("x", 8, {1}, {{6, "word"}}))).readable);
  EXPECT_FALSE(tensor_from(as_bytes(tensor("x", 99, {1}, {}))).readable);
  EXPECT_EQ(tensor_from(as_bytes(tensor("x", 99, {1}, {}))).dtype, "?99");
  EXPECT_FALSE(tensor_from(as_bytes(tensor("x", 1, Numbers(9, 1), {}))).readable) << "nine axes";
}

TEST(OnnxTensor, ShapesThatTheNumbersDoNotFillAreRefused) {
  const std::string two("\0\0\x80\x3f\0\0\0\x40", 8);
  expect_refused([&] { (void)tensor_from(as_bytes(tensor("x", 1, {3}, {{9, two}}))); }, "has 2 elements");
  expect_refused([&] { (void)tensor_from(as_bytes(tensor("x", 1, {-2}, {{9, two}}))); }, "an extent below 0");
  expect_refused([&] { (void)tensor_from(as_bytes(tensor("x", 1, {1}, {{9, two.substr(0, 7)}}))); }, "7 bytes of F32");
  // Promises of terabytes, of which nothing is reserved.
  expect_refused(
      [&] {
        (void)tensor_from(as_bytes(tensor("x", 1, {int64_t{1} << 40}, {{9, two}})));
      },
      "has 2 elements");
  expect_refused([&] { (void)tensor_from(as_bytes(tensor("x", 1, {int64_t{1} << 40}, {}))); }, "has 0 elements");
  EXPECT_THROW((void)tensor_from(as_bytes(tensor("x", 1, {int64_t{1} << 40, int64_t{1} << 40}, {{9, two}}))), Error);
}

std::string adding_model() {
  const std::string node = repeated(1, "a") + repeated(1, "b") + repeated(2, "y") + repeated(4, "Add");
  const std::string graph = repeated(1, node) + repeated(11, value("a", 1)) + repeated(11, value("b", 1)) +
                            repeated(12, value("y", 1)) +
                            repeated(5, tensor("b", 1, {}, {{4, std::string("\0\0\0\x40", 4)}}));
  return repeated(7, graph) + repeated(8, number(2, 13));
}

TEST(OnnxModel, ReadsNodesInputsAndVersions) {
  const ModelMessage model = model_from(as_bytes(adding_model()));
  ASSERT_EQ(model.graph.nodes.size(), 1u);
  EXPECT_EQ(model.graph.nodes[0].op, "Add");
  EXPECT_EQ(model.graph.nodes[0].inputs, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(model.graph.nodes[0].outputs, (std::vector<std::string>{"y"}));
  EXPECT_EQ(model.graph.inputs.size(), 2u);
  EXPECT_EQ(model.graph.outputs.at(0).kind, "tensor");
  EXPECT_EQ(model.graph.outputs.at(0).type, "F32");
  EXPECT_EQ(model.graph.initializers.at(0).values, (std::vector<double>{2}));
  EXPECT_EQ(model.versions.at(""), 13);
}

TEST(OnnxModel, EveryPrefixIsReadOrRefused) {
  const std::string whole = adding_model();
  size_t refused = 0;
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string prefix = whole.substr(0, size);
    try {
      EXPECT_LE(model_from(as_bytes(prefix)).graph.nodes.size(), 1u);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::corrupt_data) << e.what();
      ++refused;
    }
  }
  EXPECT_EQ(refused, whole.size() - 2) << "all but nothing, and the graph alone";
}

TEST(OnnxModel, EveryChangedByteIsReadOrRefused) {
  const std::string whole = adding_model();
  size_t read = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const char byte : {'\0', '\x7f', '\x80', '\xff'}) {
      std::string changed = whole;
      changed[at] = byte;
      try {
        (void)model_from(as_bytes(changed));
        ++read;
      } catch (const Error& e) {
        EXPECT_NE(e.code(), ErrorCode::internal) << e.what();
      }
    }
  }
  EXPECT_GT(read, whole.size()) << "names and unknown fields may be anything";
}

TEST(OnnxModel, GraphsNestedTooDeeplyAreRefused) {
  const auto nested = [](int depth) {
    std::string graph;
    for (int i = 0; i < depth; ++i)
      graph = repeated(1, repeated(4, "If") + repeated(5, repeated(1, "then_branch") + repeated(6, graph)));
    return repeated(7, graph);
  };
  EXPECT_EQ(model_from(as_bytes(nested(8))).graph.nodes.at(0).op, "If");
  expect_refused([&] { (void)model_from(as_bytes(nested(9))); }, "nested deeper than 8");
}

}  // namespace
}  // namespace lemnos::onnx
