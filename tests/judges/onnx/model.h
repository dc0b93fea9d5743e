// What a court needs of ONNX's messages (onnx.proto): graphs, nodes, attributes and tensors, by their field numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "judges/arrays.h"

namespace lemnos::judges::onnx {

/// A tensor with its numbers. The dtype is a word of Array ("F32", "I64", ..); of an element type that a court does not
/// read ("STRING", "F8E5M2", ..) there are no numbers.
struct NamedArray {
  std::string name;
  Array array;
  bool readable = true;
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
  std::shared_ptr<const NamedArray> tensor;
  std::shared_ptr<const GraphMessage> graph;
  std::vector<float> reals;
  std::vector<int64_t> integers;
  std::vector<std::string> texts;
  int64_t type = 0;
};
struct NodeMessage {
  std::string op, domain;
  std::vector<std::string> inputs, outputs;  // "": left out
  std::map<std::string, Attribute> attributes;
};
/// An input or output of a graph. `kind`: "tensor", or what else it is ("sequence", "optional", ..); `type`: the word
/// of a tensor's elements.
struct ValueMessage {
  std::string name, kind, type;
};
struct GraphMessage {
  std::vector<NodeMessage> nodes;
  std::vector<NamedArray> initializers;
  std::vector<ValueMessage> inputs, outputs;
};
struct Model {
  GraphMessage graph;
  std::map<std::string, int64_t> versions;  // of the operator sets, by domain
  size_t functions = 0;                     // of its own
};

/// Throw `corrupt_data`: what is cut short, or says two things that cannot both be; graphs nested deeper than 8.
/// `declared`, where it is not empty, is the element type that the graph says of it: files that were written before
/// NumPy had a bfloat16 hold its bits as U16.
NamedArray tensor_from(std::span<const std::byte> message, const std::string& declared = {});
Model model_from(std::span<const std::byte> message);

/// The word of an element type of TensorProto; "?" and its number for one that is not known.
std::string type_word(int64_t data_type);

/// The bytes of a file. Throws as io::read_file.
std::vector<std::byte> bytes_in(const std::filesystem::path& file);

}  // namespace lemnos::judges::onnx
