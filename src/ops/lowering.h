// What most ops need to lower themselves: kernel names, workgroup counts, rows.
#pragma once

#include <string>

#include "base/text.h"
#include "lemnos/op.h"
#include "shaders/kernels.h"

namespace lemnos::ops {

constexpr uint64_t divide_up(uint64_t n, uint64_t d) { return (n + d - 1) / d; }

/// The suffix of a kernel for tensors of `dtype` on this device: half types fall back to two elements in a word.
inline const char* storage_suffix(DType dtype, const DeviceCaps& caps) {
  switch (dtype) {
    case DType::f16: return caps.storage16 ? "f16" : "f16p";
    case DType::bf16: return caps.storage16 ? "bf16" : "bf16p";
    default: return "f32";
  }
}

inline std::string kernel_name(const char* stem, DType dtype, const DeviceCaps& caps) {
  return std::string(stem) + "." + storage_suffix(dtype, caps);
}

/// A tensor as rows along its last axis.
struct Rows {
  uint32_t rows;
  uint32_t cols;
};
inline Rows as_rows(const Shape& shape) {
  const int64_t cols = shape.rank() ? shape[shape.rank() - 1] : 1;
  return {static_cast<uint32_t>(cols ? shape.elements() / cols : 0), static_cast<uint32_t>(cols)};
}

/// The number of elements as a kernel counts them; throws `unsupported` past 2^32.
inline uint32_t count32(const TensorDesc& desc, const char* op) {
  const int64_t count = desc.elements();
  require(count < (int64_t{1} << 32), ErrorCode::unsupported, op, ": ", desc, " has ", count,
          " elements, the limit of a kernel is ", int64_t{1} << 32);
  return static_cast<uint32_t>(count);
}

/// Rounds that a loop of an invocation may take. llvmpipe before Mesa 23 ends the loops of an invocation after 65,535
/// in all, without a word; a kernel that walks its data three times stays below that. More is shared by more
/// invocations, or made in parts.
constexpr uint64_t kMostRounds = 1 << 14;

/// Invocations a workgroup for a row of `cols` elements: a power of two, about a quarter of the row, within the device.
/// A row that would take too many rounds of four gets more of them.
inline uint32_t row_workgroup(uint64_t cols, const DeviceCaps& caps) {
  const uint32_t most = caps.max_workgroup_invocations < 256 ? caps.max_workgroup_invocations : 256;
  uint32_t size = caps.max_subgroup_size > 32 ? caps.max_subgroup_size : 32;
  while (size < most && uint64_t{size} * 4 < cols) size *= 2;
  size = size < most ? size : most;
  while (size * 2 <= caps.max_workgroup_invocations && cols > size * 4 * kMostRounds) size *= 2;
  return size;
}

/// "needs subgroup operations" as a refusal.
inline std::string needs_subgroups(const Lower& c) {
  return c.caps.subgroup_arithmetic ? "" : "the device has no subgroup arithmetic in compute";
}
inline constexpr Variant kRowVariants[] = {{"subgroup", needs_subgroups}, {"shared", nullptr}};

/// OpDef::by_rows of elementwise ops: every input that has the output's first axis.
inline uint32_t rows_of_output(const Lower& c) {
  uint32_t inputs = 0;
  const Shape& y = c.out().shape;
  for (size_t i = 0; i < c.inputs(); ++i)
    if (y.rank() > 0 && c.in(i).shape.rank() == y.rank() && c.in(i).shape[0] == y[0]) inputs |= 1u << i;
  return inputs;
}

/// OpDef::index_limit of an op whose input 1 holds rows of input 0, or classes along the last axis of input 0.
inline int64_t rows_limit(const Infer& in, size_t input) { return input == 1 ? in.in[0].shape[0] : -1; }
inline int64_t classes_limit(const Infer& in, size_t input) {
  const Shape& x = in.in[0].shape;
  return input == 1 && in.in[1].dtype == DType::i32 ? x[x.rank() - 1] : -1;
}

inline void require_inputs(const Infer& in, size_t count) {
  require(in.in.size() == count, ErrorCode::invalid_argument, in.op.name, ": ", in.in.size(), " inputs, it takes ",
          count);
}
inline void require_float(const Infer& in, size_t i) {
  require(is_floating(in.in[i].dtype), ErrorCode::invalid_argument, in.op.name, ": input ", i, " is ", in.in[i],
          ", it takes f32, f16 or bf16");
}
inline void require_same(const Infer& in, size_t a, size_t b) {
  require(in.in[a] == in.in[b], ErrorCode::shape_mismatch, in.op.name, ": input ", a, " is ", in.in[a], " but input ",
          b, " is ", in.in[b]);
}
inline void require_dtype(const Infer& in, size_t i, DType dtype) {
  require(in.in[i].dtype == dtype, ErrorCode::invalid_argument, in.op.name, ": input ", i, " is ", in.in[i],
          ", it takes ", dtype);
}

}  // namespace lemnos::ops
