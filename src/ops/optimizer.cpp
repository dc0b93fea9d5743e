// One step of an optimizer over the flat arenas: parameters p, gradients g, up to three slots, in place. The formulas
// are in src/reference/optimizer.cpp. One kernel for all; an arena past the device's storage range is cut into slices.

#include <algorithm>

#include "lemnos/ops.h"
#include "ops/arena.h"
#include "ops/lowering.h"
#include "ops/step_state.h"
#include "reference/optimizer.h"
#include "shaders/optimizer.h"

namespace lemnos::ops {
namespace {

size_t optimizer_slots(const OpDef& op) { return op.updates.size() - 1; }

std::vector<TensorDesc> infer_optimizer(const Infer& in) {
  const size_t slots = optimizer_slots(in.op);
  require(in.in.size() == 3 + slots || in.in.size() == 4 + slots, ErrorCode::invalid_argument, in.op.name, ": ",
          in.in.size(), " inputs, it takes ", 3 + slots, ", or ", 4 + slots, " with groups");
  require_dtype(in, 0, DType::f32);
  const int64_t count = in.in[0].elements();
  require(in.in[0].shape.rank() == 1 && count % 4 == 0, ErrorCode::shape_mismatch, in.op.name, ": parameters ",
          in.in[0], " are no flat arena of whole quads");
  require_same(in, 0, 1);
  require_state(in, 2);
  for (size_t i = 3; i < 3 + slots; ++i) require_same(in, 0, i);
  const auto blocks = static_cast<int64_t>(divide_up(static_cast<uint64_t>(count), kBlock));
  const TensorDesc table{Shape{blocks, 2}, DType::f32};
  require(in.in.size() == 3 + slots || in.in.back() == table, ErrorCode::shape_mismatch, in.op.name, ": groups ",
          in.in.back(), " for parameters ", in.in[0], "; they are ", table);
  std::vector<TensorDesc> out(1 + slots, in.in[0]);
  return out;
}

shaders::OptimizerParams params_of_optimizer(const OptimizerAttrs& a) {
  const auto real = [](double v) { return static_cast<float>(v); };
  return {.lr = real(a.lr),
          .weight_decay = real(a.weight_decay),
          .clip_value = real(a.clip_value),
          .eps = real(a.eps),
          .momentum = real(a.momentum),
          .undamped = static_cast<float>(1 - a.dampening),
          .beta1 = real(a.beta1),
          .rest1 = static_cast<float>(1 - a.beta1),
          .beta2 = real(a.beta2),
          .rest2 = static_cast<float>(1 - a.beta2),
          .lr_decay = real(a.lr_decay),
          .momentum_decay = real(a.momentum_decay),
          .lambda = real(a.lambda),
          .power = real(a.power),
          .start = real(a.start),
          .shrink = real(a.shrink),
          .grow = real(a.grow),
          .least = real(a.least),
          .most = real(a.most)};
}

std::vector<Dispatch> lower_optimizer(Lower& c) {
  using namespace shaders;
  const auto a = c.attrs<OptimizerAttrs>();
  const size_t slots = c.outputs() - 1;
  const bool grouped = c.inputs() == 4 + slots;
  const OptimizerSpec spec{.workgroup_size = 64,
                           .function = static_cast<uint32_t>(reference::optimizer_number(c.node().op->name)),
                           .slots = static_cast<uint32_t>(slots),
                           .decoupled = a.decoupled,
                           .nesterov = a.nesterov,
                           .centered = a.centered,
                           .grouped = grouped,
                           .clipped = a.clip_value > 0};
  const TensorRef unused = slots < 3 || !grouped ? c.scratch(16) : TensorRef{};
  std::vector<Dispatch> list;
  for (const ArenaPiece& piece : arena_pieces(c.in(0).bytes(), c.caps)) {
    std::vector<TensorRef> tensors = {c.x(2), piece.of(c.y(0)), piece.of(c.x(1))};
    for (size_t k = 0; k < 3; ++k) tensors.push_back(k < slots ? piece.of(c.y(1 + k)) : unused);
    tensors.push_back(grouped ? piece.of_table(c.x(c.inputs() - 1), 8) : unused);
    OptimizerParams params = params_of_optimizer(a);
    params.quads = static_cast<uint32_t>(piece.size / 16);
    list.push_back({.kernel = &c.kernel("optimizer"),
                    .tensors = std::move(tensors),
                    .spec = spec,
                    .params = params,
                    .groups = divide_up(params.quads, spec.workgroup_size),
                    .cost = {piece.size * (3 + 2 * slots), piece.size / 4 * 15}});
  }
  return list;
}

constexpr Alias kOptimizerUpdates[] = {{0, 0}, {1, 3}, {2, 4}, {3, 5}};

constexpr OpDef define_optimizer(const char* name, size_t slots) {
  return {name,
          infer_optimizer,
          nullptr,
          lower_optimizer,
          reference::optimizer,
          attrs_of<OptimizerAttrs>,
          {},
          std::span(kOptimizerUpdates, 1 + slots)};
}

const OpDef kOptimizerOps[] = {
    define_optimizer("sgd", 0),      define_optimizer("sgd_momentum", 1), define_optimizer("adagrad", 1),
    define_optimizer("adadelta", 2), define_optimizer("rmsprop", 1),      define_optimizer("rmsprop_momentum", 3),
    define_optimizer("adam", 2),     define_optimizer("adam_amsgrad", 3), define_optimizer("nadam", 2),
    define_optimizer("adamax", 2),   define_optimizer("radam", 2),        define_optimizer("lion", 1),
    define_optimizer("asgd", 1),     define_optimizer("rprop", 2),        define_optimizer("average", 0),
};

}  // namespace

std::span<const OpDef> optimizer_ops() { return kOptimizerOps; }

}  // namespace lemnos::ops
