// norm = |g| / loss scale over the gradient arena, or the blocks of it that a mask counts, also where its square is
// past the largest float; clip factor = min(1, max_norm / (norm + 1e-6)) / loss scale, or 0 when the norm is not
// finite, its square after clipping is past the largest float, or the factor is below the least normal number, and then
// the optimizer leaves the step out; the loss scale grows after `interval` good steps, to 2^100 at most, and backs off
// after a bad one, to `least`. All of it stays in StepState.

#include "shaders/gradient_norm.h"

#include <algorithm>
#include <cmath>

#include "lemnos/ops.h"
#include "ops/arena.h"
#include "ops/lowering.h"
#include "ops/reduction.h"
#include "ops/step_state.h"
#include "reference/gradient_norm.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_gradient_norm(const Infer& in) {
  const auto attrs = in.attrs<GradientNormAttrs>();
  require(in.in.size() == 2 || in.in.size() == 3, ErrorCode::invalid_argument, in.op.name, ": ", in.in.size(),
          " inputs, it takes 2, or 3 with a mask");
  require_dtype(in, 0, DType::f32);
  require(in.in[0].shape.rank() == 1 && in.in[0].elements() % 4 == 0, ErrorCode::shape_mismatch, in.op.name,
          ": gradients ", in.in[0], " are no flat arena of whole quads");
  require_state(in, 1);
  const auto blocks = static_cast<int64_t>(divide_up(static_cast<uint64_t>(in.in[0].elements()), kBlock));
  const TensorDesc mask{Shape{blocks}, DType::f32};
  require(in.in.size() == 2 || in.in[2] == mask, ErrorCode::shape_mismatch, in.op.name, ": the mask is ", in.in.back(),
          " for gradients ", in.in[0], "; it is ", mask);
  const auto require_positive = [&](const char* name, double value) {
    require(value > 0 && std::isfinite(value), ErrorCode::invalid_argument, in.op.name, ": ", name, ' ', value,
            " is not above 0");
  };
  require_positive("loss_scale", attrs.loss_scale);
  require_positive("growth", attrs.growth);
  require_positive("backoff", attrs.backoff);
  require_positive("least", attrs.least);
  require(attrs.interval == 0 || attrs.least <= attrs.loss_scale, ErrorCode::invalid_argument, in.op.name,
          ": the loss scale begins at ", attrs.loss_scale, ", below its least, ", attrs.least);
  require(attrs.max_norm >= 0 && attrs.interval >= 0, ErrorCode::invalid_argument, in.op.name, ": max_norm ",
          attrs.max_norm, " or interval ", attrs.interval, " is below 0");
  return {in.in[1]};
}

shaders::GradientNormParams params_of_gradient_norm(const GradientNormAttrs& a) {
  return {.max_norm = static_cast<float>(a.max_norm),
          .loss_scale = static_cast<float>(a.loss_scale),
          .growth = static_cast<float>(a.growth),
          .backoff = static_cast<float>(a.backoff),
          .interval = static_cast<uint32_t>(a.interval),
          .least = static_cast<float>(a.least)};
}

std::vector<Dispatch> lower_gradient_norm(Lower& c) {
  using namespace shaders;
  const Kernel& kernel = c.kernel("gradient_norm." + std::string(c.variant()));
  const bool masked = c.inputs() == 3;
  GradientNormSpec spec{.workgroup_size = 64, .masked = masked};
  const TensorRef mask = masked ? c.x(2) : c.scratch(16);
  GradientNormParams params = params_of_gradient_norm(c.attrs<GradientNormAttrs>());
  const uint64_t bytes = c.in(0).bytes();
  params.per_group = 16 * spec.workgroup_size;
  const uint64_t group_bytes = 16ull * params.per_group;
  const Cost cost{bytes, bytes / 2};
  if (bytes <= 4 * group_bytes) {
    params.quads = params.per_group = static_cast<uint32_t>(bytes / 16);
    return {{.kernel = &kernel,
             .tensors = {c.x(0), c.scratch(16), c.y(), mask},
             .spec = spec,
             .params = params,
             .cost = cost}};
  }
  const TensorRef partials = c.scratch(8 * divide_up(bytes, group_bytes));
  const uint64_t slice = std::max(group_bytes, c.caps.max_storage_range / group_bytes * group_bytes);
  std::vector<Dispatch> list;
  spec.finishes = 0;
  for (uint64_t at = 0; at < bytes; at += slice) {
    TensorRef part = c.x(0);
    part.offset += at;
    part.bytes = std::min(slice, bytes - at);
    params.quads = static_cast<uint32_t>(part.bytes / 16);
    params.partial = params.partials;
    params.first = static_cast<uint32_t>(at / 16);
    const auto groups = static_cast<uint32_t>(divide_up(part.bytes, group_bytes));
    params.partials += groups;
    list.push_back({.kernel = &kernel,
                    .tensors = {part, partials, c.y(), mask},
                    .spec = spec,
                    .params = params,
                    .groups = groups,
                    .cost = {part.bytes, part.bytes / 2}});
  }
  spec.sums = 0;
  spec.finishes = 1;
  list.push_back({.kernel = &kernel,
                  .tensors = {c.x(0), partials, c.y(), mask},
                  .spec = spec,
                  .params = params,
                  .cost = {4ull * params.partials, params.partials}});
  return list;
}

constexpr Alias kGradientNormUpdates[] = {{0, 1}};
const OpDef kGradientNormOps[] = {
    {"gradient_norm", infer_gradient_norm, nullptr, lower_gradient_norm, reference::gradient_norm,
     attrs_of<GradientNormAttrs>, kRowVariants, kGradientNormUpdates},
};

}  // namespace

std::span<const OpDef> gradient_norm_ops() { return kGradientNormOps; }

}  // namespace lemnos::ops
