// The memory of a session: parts by their offsets, what is refused, and who shares it.
#include <cstring>
#include <numeric>

#include "lemnos/ops.h"
#include "lemnos/session.h"
#include "tests/devices.h"
#include "tests/error_of.h"

namespace lemnos {
namespace {

using Bytes = std::vector<std::byte>;

Bytes counted(size_t bytes, int first = 1) {
  Bytes all(bytes);
  for (size_t i = 0; i < bytes; ++i) all[i] = static_cast<std::byte>(first + static_cast<int>(i % 100));
  return all;
}

Bytes read(Session& session, Value value, size_t bytes, size_t offset = 0) {
  Bytes all(bytes, std::byte{0xee});
  session.read(value, all, offset);
  return all;
}

TEST(Session, StartsFromTheGraphsInitialValues) {
  on_every_device([](const Device& device) {
    Graph graph;
    const std::vector<float> three{1, 2, 3};
    const std::vector<int32_t> two{-7, 9};
    const Value input = graph.input("x", {{2, 2}, DType::f32}), constant = graph.constant({3}, three);
    const Value variable = graph.variable("v", {{2}, DType::i32}, std::as_bytes(std::span(two)));
    const Value zeros = graph.variable("z", {{5}, DType::u8}), parameter = graph.parameter("p", {3}, three);
    const auto session = device.open(graph);
    EXPECT_EQ(session->read_floats(input), (std::vector<float>(4, 0)));
    EXPECT_EQ(session->read_floats(constant), three);
    EXPECT_EQ(session->read_floats(variable), (std::vector<float>{-7, 9}));
    EXPECT_EQ(session->read_floats(zeros), (std::vector<float>(5, 0)));
    EXPECT_EQ(session->read_floats(parameter), three);
    EXPECT_EQ(session->state(), graph.state());
    EXPECT_EQ(session->info().name, device.info().name);
  });
}

TEST(Session, PartsAreWrittenAndReadAtTheirOffsets) {
  on_every_device([](const Device& device) {
    Graph graph;
    const std::vector<float> two{5, 6};
    const Value bytes = graph.input("bytes", {{13}, DType::u8}), halves = graph.input("halves", {{5}, DType::u8});
    const Value before = graph.parameter("before", {2}, two),
                words = graph.parameter("words", {4}, std::vector<float>(4));
    const auto session = device.open(graph);
    session->write(bytes, counted(13), 0);
    session->write(bytes, counted(3, 200), 5);  // neither begins nor ends at a word
    Bytes want = counted(13);
    for (size_t i = 0; i < 3; ++i) want[5 + i] = static_cast<std::byte>(200 + i);
    EXPECT_EQ(read(*session, bytes, 13), want);
    EXPECT_EQ(read(*session, bytes, 6, 7), Bytes(want.begin() + 7, want.end()));
    EXPECT_EQ(read(*session, halves, 5), Bytes(5)) << "what lies beside it was written";

    const float nine = 9;
    session->write(words, std::as_bytes(std::span(&nine, 1)), 2 * sizeof(float));
    EXPECT_EQ(session->read_floats(words), (std::vector<float>{0, 0, 9, 0}));
    EXPECT_EQ(session->read_floats(before), two) << "parameters share an arena";
    float one = 0;
    session->read(words, std::as_writable_bytes(std::span(&one, 1)), 2 * sizeof(float));
    EXPECT_EQ(one, 9);
    session->write(words, Bytes{}, 4 * sizeof(float));  // nothing, at its end
    session->read(words, std::span<std::byte>(), 4 * sizeof(float));
  });
}

TEST(Session, EveryElementTypeComesBackAsItWasWritten) {
  on_every_device([](const Device& device) {
    Graph graph;
    std::vector<Value> values;
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::i32, DType::u32, DType::u8})
      values.push_back(graph.input(to_string(dtype), {{3}, dtype}));
    const auto session = device.open(graph);
    for (Value v : values) {
      const Bytes content = counted(v.desc().bytes(), 10);
      session->write(v, content);
      EXPECT_EQ(read(*session, v, content.size()), content) << v.name();
    }
    const std::vector<uint16_t> halves{0x3c00, 0xc100, 0x7bff};  // 1, -2.5, 65504
    session->write(values[1], halves);
    EXPECT_EQ(session->read_floats(values[1]), (std::vector<float>{1, -2.5f, 65504}));
  });
}

TEST(Session, RangesOutsideAreRefusedWithBothNumbers) {
  on_every_device([](const Device& device) {
    Graph graph;
    const Value x = graph.input("x", {{4}, DType::f32});
    const auto session = device.open(graph);
    const Bytes content = counted(16);
    session->write(x, content);
    const auto refused = [&](size_t bytes, size_t offset) {
      Bytes some(bytes, std::byte{0x55});
      const Error write = error_of([&] { session->write(x, some, offset); });
      const Error read = error_of([&] { session->read(x, some, offset); });
      EXPECT_EQ(write.code(), ErrorCode::out_of_range) << write.what();
      EXPECT_EQ(read.code(), ErrorCode::out_of_range) << read.what();
      return std::string(write.what());
    };
    EXPECT_EQ(refused(8, 12), "write: 8 bytes at 12 of 'x' f32[4], which has 16");
    EXPECT_EQ(refused(20, 0), "write: 20 bytes at 0 of 'x' f32[4], which has 16");
    EXPECT_EQ(refused(4, 16), "write: 4 bytes at 16 of 'x' f32[4], which has 16");
    EXPECT_EQ(read(*session, x, 16), content);
  });
}

TEST(Session, ValuesWithoutMemoryOrOfAnotherGraphAreRefused) {
  on_every_device([](const Device& device) {
    Graph graph, other;
    const Value x = graph.input("x", {{4}, DType::f32}), y = relu(x);
    const Value stranger = other.input("x", {{4}, DType::f32});
    const auto session = device.open(graph);
    Bytes some(16);
    const auto code = [&](auto act) {
      const Error error = error_of(act);
      EXPECT_NE(error.code(), ErrorCode::internal) << error.what();
      return error.code();
    };
    EXPECT_EQ(code([&] { session->write(y, some); }), ErrorCode::not_found);
    EXPECT_EQ(code([&] { session->read(y, some); }), ErrorCode::not_found);
    EXPECT_STREQ(error_of([&] { session->write(stranger, some); }).what(),
                 "write: value %0 f32[4] belongs to another graph");
    EXPECT_EQ(code([&] { session->read(stranger, some); }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([&] { session->read_floats(stranger); }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([&] { (void)session->compile({.targets = {stranger}}); }), ErrorCode::invalid_argument);
    EXPECT_STREQ(error_of([&] { session->write(Value(), some); }).what(), "write: the value is empty");
    EXPECT_EQ(code([&] { session->read(Value(), some); }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([&] { (void)session->compile({.targets = {Value()}}); }), ErrorCode::invalid_argument);
  });
}

TEST(Session, WritesAreOrderedAfterTheRunsBeforeThem) {
  on_every_device([](const Device& device) {
    Graph graph;
    const Value x = graph.input("x", {{3}, DType::f32}), y = 2 * x;
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {y}});
    for (int i = 1; i <= 3; ++i) {
      const std::vector<float> now(3, static_cast<float>(i));
      const uint64_t free_after = session->handed_over();
      if (i == 3) {
        session->write_after(free_after, x, std::as_bytes(std::span(now)));
      } else {
        session->write(x, now);
      }
      ASSERT_EQ(program->run(), Status::ok);
      EXPECT_GE(session->handed_over(), free_after);
      EXPECT_EQ(program->read_floats(y), std::vector<float>(3, 2 * static_cast<float>(i)));
    }
  });
}

TEST(Session, GuardsAroundItsTensorsStayIntact) {
  on_every_device([](const Device& device) {
    Graph graph;
    const Value x = graph.input("x", {{3}, DType::u8}), y = cast(x, DType::f32) + 1.f;
    const auto session = device.open(graph, {.guard_bytes = 256});
    session->write(x, counted(3));
    const auto program = session->compile({.targets = {y}, .guard_bytes = 256});
    ASSERT_EQ(program->run(2), Status::ok);
    EXPECT_EQ(program->read_floats(y), (std::vector<float>{2, 3, 4}));
    EXPECT_EQ(session->damaged_guards(), std::vector<std::string>{});
    EXPECT_EQ(program->damaged_guards(), std::vector<std::string>{});
  });
}

}  // namespace
}  // namespace lemnos
