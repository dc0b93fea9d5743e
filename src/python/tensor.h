// Tensors in host memory: what Python arrays come in as and results go out as, without copies where the memory allows
// it.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "call.h"
#include "lemnos/data.h"
#include "lemnos/tensor.h"

namespace lemnos::python {

/// lemnos.Tensor: dense rows in host memory, of its own or of the array that it was made from.
class PyTensor {
 public:
  PyTensor() = default;
  PyTensor(TensorDesc desc, std::vector<std::byte> bytes);
  PyTensor(TensorDesc desc, std::shared_ptr<std::byte> data, bool writable)
      : desc_(desc), data_(std::move(data)), writable_(writable) {}
  static PyTensor zeros(const TensorDesc& desc) { return {desc, std::vector<std::byte>(desc.bytes())}; }
  static PyTensor floats(const Shape& shape, std::span<const float> values);

  const TensorDesc& desc() const { return desc_; }
  std::span<const std::byte> bytes() const { return {data_.get(), desc_.bytes()}; }
  std::byte* data() const { return data_.get(); }
  const std::shared_ptr<std::byte>& memory() const { return data_; }
  bool writable() const { return writable_; }
  /// Element i as a number, of any dtype.
  double element(size_t i) const;
  data::Array array() const { return {desc_, {bytes().begin(), bytes().end()}}; }

 private:
  TensorDesc desc_;
  std::shared_ptr<std::byte> data_;
  bool writable_ = true;
};

/// What Python holds as an array: a Tensor, anything with the buffer protocol (NumPy, array, memoryview) or with
/// __dlpack__ (PyTorch, JAX, CuPy) in host memory, a number or lists of them. Throws `unsupported` for an element type
/// or a device that Lemnos does not have, each in one line.
PyTensor tensor_of(const Where& where, py::handle given);
/// The same, which must be of that type and shape. Throws `shape_mismatch` with both; numbers and lists take the dtype.
PyTensor tensor_of(const Where& where, py::handle given, const TensorDesc& wanted);
/// Whether tensor_of takes it for an array.
bool is_array(py::handle given);
/// Numbers and lists of them: "2.5 as f16".
PyTensor tensor_of_numbers(const Where& where, py::handle given, DType dtype);

void define_tensor(py::module_& module);

}  // namespace lemnos::python
