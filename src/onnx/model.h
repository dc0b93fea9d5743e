// What Lemnos reads and writes of ONNX's messages (onnx.proto): graphs, nodes, attributes and tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lemnos/tensor.h"

namespace lemnos::onnx {

/// A TensorProto with its numbers. `dtype` is a word: "F32", "I64", ..; of an element type that is not read ("STRING",
/// "F8E5M2", ..), and of elements in another file, there are no numbers.
struct Tensor {
  std::string name, dtype;
  Shape shape;
  std::vector<double> values;
  bool readable = true;

  bool is_floating() const { return dtype == "F32" || dtype == "F64" || dtype == "F16" || dtype == "BF16"; }
};
struct GraphMessage;
struct Attribute {
  enum Type : int64_t {
    kFloat = 1,
    kInt = 2,
    kString = 3,
    kTensor = 4,
    kGraph = 5,
    kFloats = 6,
    kInts = 7,
    kStrings = 8
  };
  std::string name;
  float real = 0;
  int64_t integer = 0;
  std::string text;
  std::shared_ptr<const Tensor> tensor;
  std::shared_ptr<const GraphMessage> graph;
  std::vector<float> reals;
  std::vector<int64_t> integers;
  std::vector<std::string> texts;
  int64_t type = 0;
};
struct NodeMessage {
  std::string name, op, domain;
  std::vector<std::string> inputs, outputs;  // "": left out
  std::map<std::string, Attribute> attributes;
};
/// An extent that is known, or the name of one that is not.
struct Dimension {
  int64_t extent = -1;
  std::string name;
};
/// An input or output of a graph. `kind`: "tensor", or what else it is ("sequence", "optional", ..); `type`: the word
/// of a tensor's elements.
struct ValueMessage {
  std::string name, kind, type;
  std::vector<Dimension> dims;
};
struct GraphMessage {
  std::string name;
  std::vector<NodeMessage> nodes;
  std::vector<Tensor> initializers;
  std::vector<ValueMessage> inputs, outputs;
};
struct ModelMessage {
  GraphMessage graph;
  std::map<std::string, int64_t> versions;  // of the operator sets, by domain
  size_t functions = 0;                     // of its own
  std::string producer;
};

/// Throw `corrupt_data`: what is cut short, or says two things that cannot both be; graphs nested deeper than 8.
/// `declared`, where it is not empty, is the element type that the graph says of it: files that were written before
/// NumPy had a bfloat16 hold its bits as U16.
Tensor tensor_from(std::span<const std::byte> message, const std::string& declared = {});
ModelMessage model_from(std::span<const std::byte> message);

/// The file's bytes. Of attributes the field that `type` says is written, of tensors F32, F16, BF16, I32, I64, U32, U8
/// and BOOL.
std::string bytes_of(const ModelMessage& model);

/// The word of an element type of TensorProto; "?" and its number for one that is not known. And its number.
std::string type_word(int64_t data_type);
int64_t type_number(std::string_view word);
bool is_default_domain(std::string_view domain);

}  // namespace lemnos::onnx
