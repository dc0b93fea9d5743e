// The device's matrix unit, as kernels use it: operands in halves, sums in f32.
#pragma once

#include <string>

#include "ops/formats.h"
#include "ops/lowering.h"

namespace lemnos::ops {

using Fragment = DeviceCaps::MatrixShape;

/// The largest shape for these operands whose extents are whole groups; m = 0: none.
inline Fragment fragment_of(const DeviceCaps& caps, DType operands) {
  Fragment best;
  for (const Fragment& f : caps.matrix_shapes)
    if (f.operands == operands && f.f32_accumulate && f.n % 4 == 0 && f.k % 8 == 0 &&
        f.m * f.n * f.k > best.m * best.n * best.k)
      best = f;
  return best;
}

/// Why a node's results cannot be made by the matrix unit with the kernel `stem`.dtype, or nothing.
inline std::string refuse_matrix_unit(const Lower& c, const char* stem) {
  const DeviceCaps& caps = c.caps;
  const DType dtype = c.out().dtype;
  if (size_of(dtype) != 2) return text("supports f16 and bf16, not ", dtype);
  if (!caps.cooperative_matrix || !fragment_of(caps, dtype).m)
    return text("the device has no matrix unit for ", dtype, " with f32 sums");
  if (!caps.storage16) return "the device has no 16-bit elements in memory";
  if (dtype == DType::f16 && !caps.fp16) return "the device has no arithmetic with 16-bit floats";
  if (!c.has_kernel(kernel_name(stem, dtype, caps)))
    return text("the glslang of this build does not know cooperative matrices of ", dtype);
  if (!caps.subgroup_size_control && caps.min_subgroup_size != caps.max_subgroup_size)
    return "the size of a subgroup varies on this device";
  return {};
}

}  // namespace lemnos::ops
