// Broadcasting as NumPy does it: axes are matched from the last; an extent of 1 stretches. And how kernels walk the
// result: axes folded, divisions turned into multiplications.
#pragma once

#include <array>

#include "lemnos/device.h"
#include "lemnos/graph.h"

namespace lemnos::ops {

/// The shape of the result; throws `shape_mismatch` naming `who`, both shapes and the axis that does not fit.
Shape broadcast(const Shape& a, const Shape& b, const char* who);

/// Sums `x` over the axes along which `shape` was stretched to make it: the gradient of a broadcast.
Value sum_to(Value x, Shape shape);

/// Several operands over one index space, with axes that can be walked together folded into one. Extents and element
/// strides are outermost first; a stretched axis has stride 0.
struct Folded {
  static constexpr size_t kMaxAxes = 6;
  size_t rank = 0;
  std::array<uint32_t, kMaxAxes> extent{};
  std::array<std::array<uint32_t, kMaxAxes>, 3> stride{};
};
/// Throws `unsupported` when more than kMaxAxes remain.
Folded fold_axes(const Shape& out, std::span<const Shape> operands, const char* who);
/// How many remain.
size_t axes_left(const Shape& out, std::span<const Shape> operands);
/// Stretches the operands of an elementwise op to its whole result where a kernel could not walk them as they are.
void stretch_unwalkable(std::span<Value* const> operands);

/// A folded index space as kernels walk it (shaders/common/walk.glsl): divisions by an extent become a multiplication
/// and a shift. Where every group of four elements along the last axis stays together in every operand (`wide`),
/// extents and strides count such groups.
struct Walk {
  uint32_t rank = 1;
  bool wide = false;
  uint32_t run = 1;             // groups of four that are one step along the last axis
  std::array<bool, 3> inner{};  // whether the operand moves along the last axis
  std::array<uint32_t, Folded::kMaxAxes> extent{};
  std::array<uint32_t, Folded::kMaxAxes> multiplier{};
  uint32_t shifts = 0;  // five bits an axis
  std::array<std::array<uint32_t, Folded::kMaxAxes>, 3> stride{};
};
/// `operands` says how many of the strides count. A single axis is always wide; what it leaves past the last group of
/// four the kernel does by itself. Runs of `longest` are made where several axes allow it. Throws `unsupported` past
/// 2^31 elements.
Walk make_walk(const Folded& folded, size_t operands, uint32_t longest, const char* who);

/// How many groups of four one invocation should do where it must first work out its place. On a processor that is the
/// greater part; a GPU would rather have neighbours read neighbouring memory.
inline uint32_t run_of(const DeviceCaps& caps) { return caps.software ? 4 : 1; }

/// n / d for n < 2^31, d >= 2 is (n * multiplier >> 32) >> shift.
struct Divisor {
  uint32_t multiplier = 0;
  uint32_t shift = 0;
};
Divisor divisor(uint32_t d);

}  // namespace lemnos::ops
