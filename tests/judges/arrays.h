// The tensors of a court's file as plain numbers. Unlike io::TensorFile it holds I64 too: class indices and places.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lemnos/tensor.h"

namespace lemnos::judges {

struct Array {
  std::string dtype;  // as the file says it: "F32", "I64", "I32", "BOOL", "U8"
  Shape shape;
  std::vector<double> values;

  bool is_floating() const { return dtype == "F32" || dtype == "F64" || dtype == "F16" || dtype == "BF16"; }
};

class Arrays {
 public:
  /// Reads a safetensors file. Throws what io::read_safetensors throws.
  explicit Arrays(const std::filesystem::path& file);
  Arrays() = default;
  /// Throws `not_found` naming the tensor and the file.
  const Array& at(const std::string& name) const;
  void set(const std::string& name, Array array) { arrays_[name] = std::move(array); }

 private:
  std::string file_;
  std::map<std::string, Array> arrays_;
};

/// What an Array calls an element type: "F32".
const char* word_of(DType dtype);
/// The elements of a tensor in memory.
std::vector<double> numbers_of(DType dtype, const std::vector<std::byte>& bytes);
/// The bytes that a tensor of `dtype` takes for these numbers, which it must hold exactly but for f32's rounding.
std::vector<std::byte> bytes_of(DType dtype, const std::vector<double>& numbers);

}  // namespace lemnos::judges
