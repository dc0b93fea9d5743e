// LAMB (You et al., 2020) over the flat arenas, parameters p, gradients g, slots m and v, in place: Adam's moments;
// then
//
//   u = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay p;   p -= lr |p| / |u| u
//
// with the norms of each parameter by itself, and 1 for the ratio where one of them is 0. Three launches for any number
// of parameters: moments and partial sums, ratios, update.

#include "shaders/lamb.h"

#include "lemnos/ops.h"
#include "ops/arena.h"
#include "ops/lowering.h"
#include "ops/step_state.h"
#include "reference/lamb.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_lamb(const Infer& in) {
  require(in.in.size() == 6 || in.in.size() == 7, ErrorCode::invalid_argument, in.op.name, ": ", in.in.size(),
          " inputs, it takes 6, or 7 with groups");
  require_dtype(in, 0, DType::f32);
  const int64_t count = in.in[0].elements();
  require(in.in[0].shape.rank() == 1 && count % static_cast<int64_t>(kBlock) == 0, ErrorCode::shape_mismatch,
          in.op.name, ": parameters ", in.in[0], " are no flat arena of whole blocks");
  require_same(in, 0, 1);
  require_state(in, 2);
  require_same(in, 0, 3);
  require_same(in, 0, 4);
  require_dtype(in, 5, DType::i32);
  require(in.in[5].shape.rank() == 1 && in.in[5].elements() >= 2, ErrorCode::shape_mismatch, in.op.name, ": bounds ",
          in.in[5], " of no parameter");
  const TensorDesc table{Shape{count / static_cast<int64_t>(kBlock), 2}, DType::f32};
  require(in.in.size() == 6 || in.in[6] == table, ErrorCode::shape_mismatch, in.op.name, ": groups ", in.in.back(),
          " for parameters ", in.in[0], "; they are ", table);
  return {in.in[0], in.in[3], in.in[4]};
}

shaders::LambParams params_of_lamb(const LambAttrs& a) {
  const auto real = [](double v) { return static_cast<float>(v); };
  return {.lr = real(a.lr),
          .weight_decay = real(a.weight_decay),
          .clip_value = real(a.clip_value),
          .eps = real(a.eps),
          .beta1 = real(a.beta1),
          .rest1 = static_cast<float>(1 - a.beta1),
          .beta2 = real(a.beta2),
          .rest2 = static_cast<float>(1 - a.beta2)};
}

std::vector<Dispatch> lower_lamb(Lower& c) {
  using namespace shaders;
  const Kernel& kernel = c.kernel("lamb." + std::string(c.variant()));
  const bool grouped = c.inputs() == 7;
  const LambSpec spec{.workgroup_size = 64, .grouped = grouped, .clipped = c.attrs<LambAttrs>().clip_value > 0};
  const uint64_t bytes = c.in(0).bytes();
  const TensorRef sums = c.scratch(bytes / (4 * kBlock) * 8), unused = c.scratch(16);
  std::vector<Dispatch> list;
  const auto over_arena = [&](uint32_t phase, uint64_t arenas) {
    for (const ArenaPiece& piece : arena_pieces(bytes, c.caps)) {
      LambSpec chosen = spec;
      chosen.phase = phase;
      LambParams params = params_of_lamb(c.attrs<LambAttrs>());
      params.count = static_cast<uint32_t>(piece.size / 16);
      list.push_back({.kernel = &kernel,
                      .tensors = {c.x(2), piece.of(c.y(0)), piece.of(c.x(1)), piece.of(c.y(1)), piece.of(c.y(2)),
                                  piece.of_table(sums, 8), c.x(5), grouped ? piece.of_table(c.x(6), 8) : unused},
                      .spec = chosen,
                      .params = params,
                      .groups = divide_up(params.count, spec.workgroup_size),
                      .cost = {piece.size * arenas, piece.size / 4 * 12}});
    }
  };
  over_arena(LAMB_MOMENTS, 6);
  LambSpec ratios = spec;
  ratios.phase = LAMB_RATIOS;
  ratios.workgroup_size = row_workgroup(bytes / (4 * kBlock), c.caps);
  LambParams params = params_of_lamb(c.attrs<LambAttrs>());
  params.count = static_cast<uint32_t>(c.in(5).elements() - 1);
  list.push_back({.kernel = &kernel,
                  .tensors = {c.x(2), unused, unused, unused, unused, sums, c.x(5), unused},
                  .spec = ratios,
                  .params = params,
                  .groups = params.count,
                  .cost = {3 * sums.bytes, sums.bytes / 4}});
  over_arena(LAMB_UPDATE, 4);
  return list;
}

constexpr Alias kLambUpdates[] = {{0, 0}, {1, 3}, {2, 4}};
const OpDef kLambOps[] = {
    {"lamb", infer_lamb, nullptr, lower_lamb, reference::lamb, attrs_of<LambAttrs>, kRowVariants, kLambUpdates}};

}  // namespace

std::span<const OpDef> lamb_ops() { return kLambOps; }

}  // namespace lemnos::ops
