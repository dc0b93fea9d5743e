// How a loss ends: mean, sum or none, and the one-workgroup sum that closes it.
#pragma once

#include <algorithm>
#include <bit>
#include <string_view>

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "shaders/partial_sum.h"

namespace lemnos::ops {

inline Reduction reduction_of(std::string_view word, const char* op) {
  const auto words = words_of(Reduction{});
  const auto found = std::ranges::find(words, word);
  require(found != words.end(), ErrorCode::invalid_argument, op, ": no reduction '", word,
          "'; there are mean, sum and none");
  return static_cast<Reduction>(found - words.begin());
}
inline const char* word_of(Reduction reduction) { return words_of(reduction)[static_cast<size_t>(reduction)]; }
/// The same by smaller ops.
inline Value reduced(Value losses, Reduction reduction) {
  if (reduction == Reduction::mean) return mean(losses);
  return reduction == Reduction::sum ? sum(losses) : losses;
}

/// The workgroup of a kernel that is launched once for everything.
inline uint32_t single_workgroup(const DeviceCaps& caps) { return caps.max_workgroup_invocations < 256 ? 128 : 256; }

/// Invocations for a row that is walked with few barriers and four elements at a time: one subgroup for all but long
/// rows.
inline uint32_t narrow_row_workgroup(uint64_t cols, const DeviceCaps& caps) {
  const uint32_t least = caps.max_subgroup_size > 32 && caps.max_subgroup_size <= 64 ? caps.max_subgroup_size : 32;
  const uint32_t wanted = cols <= 2048 ? 32 : cols <= 8192 ? 64 : cols <= 32768 ? 128 : single_workgroup(caps);
  return wanted < least ? least : wanted;
}

/// y[k] = scale * sum over i < count of x[i * width + k].
inline Dispatch sum_partials(Lower& c, TensorRef x, TensorRef y, uint32_t count, uint32_t width = 1, float scale = 1) {
  return {.kernel = &c.kernel("partial_sum"),
          .tensors = {x, y},
          .spec = shaders::PartialSumSpec{.workgroup_size = single_workgroup(c.caps)},
          .params = shaders::PartialSumParams{.count = count, .width = width, .scale = scale},
          .groups = width,
          .cost = {4ull * width * (count + 1), 1ull * width * count}};
}

/// Is `v` the constant 1 of one element, as autograd seeds the root with?
inline bool is_one(Value v) {
  const ValueInfo& info = v.graph().info(v);
  if (info.role != Role::constant || v.dtype() != DType::f32 || v.desc().elements() != 1 || !info.initial) return false;
  uint32_t bits = 0;
  std::memcpy(&bits, info.initial->data(), sizeof bits);
  return std::bit_cast<float>(bits) == 1.0f;
}

}  // namespace lemnos::ops
