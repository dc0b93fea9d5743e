#include "onnx/model.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.h"
#include "onnx/wire.h"

namespace lemnos::onnx {

namespace {

// By number; TensorProto.DataType.
constexpr std::array kTypes = {"UNDEFINED", "F32",      "U8",         "I8",     "U16",        "I16", "I32", "I64",
                               "STRING",    "BOOL",     "F16",        "F64",    "U32",        "U64", "C64", "C128",
                               "BF16",      "F8E4M3FN", "F8E4M3FNUZ", "F8E5M2", "F8E5M2FNUZ", "U4",  "I4"};

template <typename T>
double number_in(const std::byte* bytes) {
  T item;
  std::memcpy(&item, bytes, sizeof(T));
  return static_cast<double>(item);
}
// The library keeps its own conversions of halves to itself.
double f16_number(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 0x3ff;
  double magnitude = std::ldexp(mantissa + (exponent ? 1024 : 0), (exponent ? exponent : 1) - 25);
  if (exponent == 31)
    magnitude = mantissa ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  return bits & 0x8000 ? -magnitude : magnitude;
}
double bf16_number(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }
template <double (*decode)(uint16_t)>
double half_in(const std::byte* bytes) {
  uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof(bits));
  return decode(bits);
}

struct Raw {
  size_t size;
  double (*read)(const std::byte*);
};
const std::map<std::string, Raw>& raws() {
  static const std::map<std::string, Raw> known = {
      {"F32", {4, number_in<float>}},      {"F64", {8, number_in<double>}},   {"F16", {2, half_in<f16_number>}},
      {"BF16", {2, half_in<bf16_number>}}, {"U8", {1, number_in<uint8_t>}},   {"I8", {1, number_in<int8_t>}},
      {"U16", {2, number_in<uint16_t>}},   {"I16", {2, number_in<int16_t>}},  {"I32", {4, number_in<int32_t>}},
      {"I64", {8, number_in<int64_t>}},    {"U32", {4, number_in<uint32_t>}}, {"U64", {8, number_in<uint64_t>}},
      {"BOOL", {1, number_in<uint8_t>}}};
  return known;
}

// The fields of a TensorProto that hold its elements, of which one does.
struct Elements {
  std::span<const std::byte> raw;
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<int64_t> integers;  // int32_data, int64_data and uint64_data: f16 and bf16 as their bits
  bool elsewhere = false;         // in another file
};

std::vector<double> numbers_from(const Elements& e, const std::string& type) {
  std::vector<double> numbers;
  if (!e.raw.empty()) {
    const Raw& raw = raws().at(type);
    require(e.raw.size() % raw.size == 0, ErrorCode::corrupt_data, "onnx: ", e.raw.size(), " bytes of ", type);
    for (size_t at = 0; at < e.raw.size(); at += raw.size) numbers.push_back(raw.read(e.raw.data() + at));
    return numbers;
  }
  if (type == "F32") return {e.floats.begin(), e.floats.end()};
  if (type == "F64") return e.doubles;
  for (int64_t item : e.integers) {
    if (type == "F16")
      numbers.push_back(f16_number(static_cast<uint16_t>(item)));
    else if (type == "BF16")
      numbers.push_back(bf16_number(static_cast<uint16_t>(item)));
    else
      numbers.push_back(type == "U64" ? static_cast<double>(static_cast<uint64_t>(item)) : static_cast<double>(item));
  }
  return numbers;
}

void add_element_field(Elements& e, const Field& field) {
  switch (field.number) {
    case 4: field.add_to(e.floats); break;
    case 5:
    case 7:
    case 11: field.add_to(e.integers); break;
    case 9: e.raw = field.message(); break;
    case 10: field.add_to(e.doubles); break;
    case 14: e.elsewhere = field.integer() == 1; break;
    default: break;
  }
}

constexpr int kDeepest = 8;
GraphMessage graph_from(std::span<const std::byte> message, int depth);

Attribute attribute_from(std::span<const std::byte> message, int depth) {
  Attribute a;
  WireReader reader(message);
  for (Field field; reader.next(field);) {
    switch (field.number) {
      case 1: a.name = field.text(); break;
      case 2: a.real = field.real(); break;
      case 3: a.integer = field.integer(); break;
      case 4: a.text = field.text(); break;
      case 5: a.tensor = std::make_shared<const Tensor>(tensor_from(field.message())); break;
      case 6: a.graph = std::make_shared<const GraphMessage>(graph_from(field.message(), depth + 1)); break;
      case 7: field.add_to(a.reals); break;
      case 8: field.add_to(a.integers); break;
      case 9: a.texts.push_back(field.text()); break;
      case 20: a.type = field.integer(); break;
      default: break;
    }
  }
  return a;
}

NodeMessage node_from(std::span<const std::byte> message, int depth) {
  NodeMessage node;
  WireReader reader(message);
  for (Field field; reader.next(field);) {
    switch (field.number) {
      case 1: node.inputs.push_back(field.text()); break;
      case 2: node.outputs.push_back(field.text()); break;
      case 3: node.name = field.text(); break;
      case 4: node.op = field.text(); break;
      case 5: {
        Attribute attribute = attribute_from(field.message(), depth);
        node.attributes[attribute.name] = std::move(attribute);
        break;
      }
      case 7: node.domain = field.text(); break;
      default: break;
    }
  }
  return node;
}

// TensorShapeProto.
std::vector<Dimension> dimensions_from(std::span<const std::byte> message) {
  std::vector<Dimension> dims;
  WireReader reader(message);
  for (Field field; reader.next(field);) {
    if (field.number != 1) continue;
    Dimension& dim = dims.emplace_back();
    WireReader about(field.message());
    for (Field part; about.next(part);) {
      if (part.number == 1) dim.extent = part.integer();
      if (part.number == 2) dim.name = part.text();
    }
  }
  return dims;
}

// TypeProto: which of its fields is there says what a value is.
ValueMessage value_from(std::span<const std::byte> message) {
  static const std::map<uint32_t, std::string> kinds = {
      {1, "tensor"}, {4, "sequence"}, {5, "map"}, {8, "sparse tensor"}, {9, "optional"}};
  ValueMessage value;
  WireReader reader(message);
  for (Field field; reader.next(field);) {
    if (field.number == 1) value.name = field.text();
    if (field.number != 2) continue;
    WireReader type(field.message());
    for (Field part; type.next(part);) {
      if (!kinds.contains(part.number)) continue;
      value.kind = kinds.at(part.number);
      WireReader tensor(part.message());
      for (Field about; value.kind == "tensor" && tensor.next(about);) {
        if (about.number == 1) value.type = type_word(about.integer());
        if (about.number == 2) value.dims = dimensions_from(about.message());
      }
    }
  }
  return value;
}

GraphMessage graph_from(std::span<const std::byte> message, int depth) {
  require(depth <= kDeepest, ErrorCode::corrupt_data, "onnx: graphs nested deeper than ", kDeepest);
  GraphMessage graph;
  WireReader reader(message);
  for (Field field; reader.next(field);) {
    switch (field.number) {
      case 2: graph.name = field.text(); break;
      case 1: graph.nodes.push_back(node_from(field.message(), depth)); break;
      case 5: graph.initializers.push_back(tensor_from(field.message())); break;
      case 11: graph.inputs.push_back(value_from(field.message())); break;
      case 12: graph.outputs.push_back(value_from(field.message())); break;
      default: break;
    }
  }
  return graph;
}

}  // namespace

std::string type_word(int64_t data_type) {
  const bool known = data_type >= 0 && data_type < static_cast<int64_t>(kTypes.size());
  return known ? kTypes[static_cast<size_t>(data_type)] : text('?', data_type);
}

int64_t type_number(std::string_view word) {
  const auto found = std::ranges::find(kTypes, word);
  require(found != kTypes.end(), ErrorCode::internal, "onnx: no element type ", word);
  return found - kTypes.begin();
}

bool is_default_domain(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

Tensor tensor_from(std::span<const std::byte> message, const std::string& declared) {
  Tensor tensor;
  Elements elements;
  std::vector<int64_t> dims;
  int64_t type = 0;
  WireReader reader(message);
  for (Field field; reader.next(field);) {
    if (field.number == 1) field.add_to(dims);
    if (field.number == 2) type = field.integer();
    if (field.number == 8) tensor.name = field.text();
    add_element_field(elements, field);
  }
  require(std::ranges::all_of(dims, [](int64_t d) { return d >= 0; }), ErrorCode::corrupt_data, "onnx: the tensor '",
          tensor.name, "' has an extent below 0");
  tensor.dtype = type_word(type);
  if (declared == "BF16" && tensor.dtype == "U16") tensor.dtype = declared;
  tensor.readable = raws().contains(tensor.dtype) && !elements.elsewhere && dims.size() <= Shape::kMaxRank;
  if (!tensor.readable) return tensor;
  tensor.shape = Shape(dims);
  tensor.values = numbers_from(elements, tensor.dtype);
  require(tensor.values.size() == static_cast<size_t>(tensor.shape.elements()), ErrorCode::corrupt_data,
          "onnx: the tensor '", tensor.name, "' of shape ", tensor.shape, " has ", tensor.values.size(), " elements");
  return tensor;
}

ModelMessage model_from(std::span<const std::byte> message) {
  ModelMessage model;
  WireReader reader(message);
  for (Field field; reader.next(field);) {
    if (field.number == 2) model.producer = field.text();
    if (field.number == 7) model.graph = graph_from(field.message(), 0);
    if (field.number == 25) ++model.functions;
    if (field.number != 8) continue;
    std::string domain;
    int64_t version = 0;
    WireReader set(field.message());
    for (Field part; set.next(part);) {
      if (part.number == 1) domain = part.text();
      if (part.number == 2) version = part.integer();
    }
    model.versions[domain] = version;
  }
  return model;
}

}  // namespace lemnos::onnx
