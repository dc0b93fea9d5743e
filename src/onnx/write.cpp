// Messages as bytes.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/text.h"
#include "onnx/model.h"
#include "onnx/wire.h"

namespace lemnos::onnx {

namespace {

constexpr int64_t kIrVersion = 8;  // of operator set 17, ONNX 1.12

template <typename T>
void append_as(std::string& bytes, double number) {
  const T item = static_cast<T>(number);
  char raw[sizeof(T)];
  std::memcpy(raw, &item, sizeof(T));
  bytes.append(raw, sizeof(T));
}

// Of a number that a half holds.
uint16_t f16_bits(double number) {
  if (std::isnan(number)) return 0x7e00;
  const uint16_t sign = std::signbit(number) ? 0x8000 : 0;
  if (number == 0) return sign;
  if (std::isinf(number)) return sign | 0x7c00;
  const int exponent = std::max(std::ilogb(number), -14);
  const auto mantissa = static_cast<int>(std::nearbyint(std::ldexp(std::abs(number), 10 - exponent)));
  return static_cast<uint16_t>(sign + ((exponent + 14) << 10) + mantissa);
}

void append_number(std::string& bytes, const std::string& dtype, double number) {
  if (dtype == "F32") return append_as<float>(bytes, number);
  if (dtype == "I64") return append_as<int64_t>(bytes, number);
  if (dtype == "I32") return append_as<int32_t>(bytes, number);
  if (dtype == "U32") return append_as<uint32_t>(bytes, number);
  if (dtype == "U8" || dtype == "BOOL") return append_as<uint8_t>(bytes, number);
  if (dtype == "F16") return append_as<uint16_t>(bytes, f16_bits(number));
  require(dtype == "BF16", ErrorCode::internal, "onnx: a tensor of ", dtype, " to be written");
  append_as<uint16_t>(bytes, std::bit_cast<uint32_t>(static_cast<float>(number)) >> 16);
}

WireWriter tensor_message(const Tensor& tensor) {
  WireWriter out;
  if (tensor.shape.rank() > 0) out.packed(1, tensor.shape.dims());
  out.integer(2, type_number(tensor.dtype));
  if (!tensor.name.empty()) out.bytes(8, tensor.name);
  std::string raw;
  for (double number : tensor.values) append_number(raw, tensor.dtype, number);
  out.bytes(9, raw);
  return out;
}

WireWriter attribute_message(const Attribute& a) {
  WireWriter out;
  out.bytes(1, a.name);
  switch (a.type) {
    case Attribute::kFloat: out.real(2, a.real); break;
    case Attribute::kInt: out.integer(3, a.integer); break;
    case Attribute::kString: out.bytes(4, a.text); break;
    case Attribute::kTensor: out.message(5, tensor_message(*a.tensor)); break;
    case Attribute::kInts: out.packed(8, a.integers); break;
    case Attribute::kStrings:
      for (const std::string& word : a.texts) out.bytes(9, word);
      break;
    default: fail(ErrorCode::internal, "onnx: an attribute of type ", a.type, " to be written");
  }
  out.integer(20, a.type);
  return out;
}

WireWriter node_message(const NodeMessage& node) {
  WireWriter out;
  for (const std::string& name : node.inputs) out.bytes(1, name);
  for (const std::string& name : node.outputs) out.bytes(2, name);
  out.bytes(3, node.name);
  out.bytes(4, node.op);
  for (const auto& [name, attribute] : node.attributes) out.message(5, attribute_message(attribute));
  return out;
}

WireWriter value_message(const ValueMessage& value) {
  WireWriter shape, tensor, type, out;
  for (const Dimension& dim : value.dims) {
    WireWriter extent;
    if (dim.name.empty())
      extent.integer(1, dim.extent);
    else
      extent.bytes(2, dim.name);
    shape.message(1, extent);
  }
  tensor.integer(1, type_number(value.type));
  tensor.message(2, shape);
  type.message(1, tensor);
  out.bytes(1, value.name);
  out.message(2, type);
  return out;
}

}  // namespace

std::string bytes_of(const ModelMessage& model) {
  WireWriter graph, out;
  for (const NodeMessage& node : model.graph.nodes) graph.message(1, node_message(node));
  graph.bytes(2, model.graph.name);
  for (const Tensor& tensor : model.graph.initializers) graph.message(5, tensor_message(tensor));
  for (const ValueMessage& value : model.graph.inputs) graph.message(11, value_message(value));
  for (const ValueMessage& value : model.graph.outputs) graph.message(12, value_message(value));
  out.integer(1, kIrVersion);
  out.bytes(2, model.producer);
  out.message(7, graph);
  for (const auto& [domain, version] : model.versions) {
    WireWriter set;
    set.bytes(1, domain);
    set.integer(2, version);
    out.message(8, set);
  }
  return out.written();
}

}  // namespace lemnos::onnx
