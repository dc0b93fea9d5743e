// losses[r] = sum_c t[r,c] (logsumexp(x[r]) - x[r,c]), t the target's weight on each class, and with the same pass
// dlogits[r,c] = scale (sum(t[r]) softmax(x[r])[c] - t[r,c]), scale 1 / (what the mean divides by), or 1.

#include "shaders/cross_entropy.h"

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "ops/reduction.h"
#include "ops/team.h"
#include "reference/cross_entropy.h"
#include "shaders/cross_entropy_count.h"

namespace lemnos::ops {
namespace {

Shape row_shape(const Shape& logits) { return logits.without(logits.rank() - 1); }

std::vector<TensorDesc> infer_cross_entropy(const Infer& in) {
  const auto attrs = in.attrs<CrossEntropyAttrs>();
  require(in.in.size() == 2 || in.in.size() == 3, ErrorCode::invalid_argument, in.op.name, ": ", in.in.size(),
          " inputs, it takes logits, targets and perhaps class weights");
  require_dtype(in, 0, DType::f32);
  const Shape& logits = in.in[0].shape;
  require(logits.rank() >= 1 && logits.elements() >= 1, ErrorCode::invalid_argument, in.op.name, ": logits ", in.in[0],
          " need at least one row and one class");
  const Shape rows = row_shape(logits);
  const bool soft = in.in[1] == in.in[0];
  require(soft || in.in[1] == TensorDesc{rows, DType::i32}, ErrorCode::shape_mismatch, in.op.name, ": targets are ",
          in.in[1], " for logits ", in.in[0], "; they are class indices ", TensorDesc{rows, DType::i32},
          " or probabilities ", in.in[0]);
  const TensorDesc weights{Shape{logits[logits.rank() - 1]}, DType::f32};
  require(in.in.size() == 2 || in.in[2] == weights, ErrorCode::shape_mismatch, in.op.name, ": class weights are ",
          in.in.back(), " for logits ", in.in[0], "; they are ", weights);
  const double smoothing = attrs.label_smoothing;
  require(smoothing >= 0 && smoothing <= 1, ErrorCode::invalid_argument, in.op.name, ": label smoothing ", smoothing,
          " is outside [0, 1]");
  const bool none = reduction_of(attrs.reduction, in.op.name) == Reduction::none;
  std::vector<TensorDesc> out = {{none ? rows : Shape{}, DType::f32}};
  if (attrs.with_gradient) out.push_back(in.in[0]);
  return out;
}

std::string needs_few_classes(const Lower& c) {
  const auto [rows, cols] = as_rows(c.in(0).shape);
  return cols <= 64 ? "" : text("rows of logits ", c.in(0), " are too long for one invocation");
}

struct CrossEntropyLaunch {
  shaders::CrossEntropySpec spec;
  shaders::CrossEntropyParams params;
  uint32_t groups;
};

CrossEntropyLaunch launch_of_cross_entropy(const Lower& c, bool lanes) {
  const auto attrs = c.attrs<CrossEntropyAttrs>();
  const auto [rows, cols] = as_rows(c.in(0).shape);
  Team team = team_of(c, rows, cols, 1);
  // A batch of a thousand rows is one launch of one workgroup; beyond, there are enough to fill the device.
  if (lanes) team = {.kind = TEAM_INVOCATION, .workgroup_size = 64, .rows_per_group = rows <= 1024 ? rows : 64};
  CrossEntropyLaunch launch{
      .spec = {.workgroup_size = team.workgroup_size,
               .soft = c.in(1).dtype != DType::i32,
               .smoothed = attrs.label_smoothing != 0,
               .weighted = c.inputs() == 3,
               .reduction = static_cast<uint32_t>(reduction_of(attrs.reduction, c.node().op->name)),
               .log_probabilities = attrs.log_probabilities,
               .with_gradient = c.outputs() == 2,
               .counted = 1,
               .wide = cols % 4 == 0,
               .team = team.kind},
      .params = {rows, cols, static_cast<float>(attrs.label_smoothing), team.rows_per_group},
      .groups = static_cast<uint32_t>(divide_up(rows, team.rows_per_group))};
  if (lanes && launch.groups == 1) {
    launch.spec.workgroup_size = single_workgroup(c.caps);
    launch.spec.counted = 0;
  }
  return launch;
}

std::vector<Dispatch> lower_cross_entropy(Lower& c) {
  const std::string variant = c.variant();
  const bool lanes = variant == "lanes";
  const auto [spec, params, groups] = launch_of_cross_entropy(c, lanes);
  // The tensor bound in place of an absent one is never accessed: class weights and divisor are not read, dlogits not
  // written.
  const TensorRef weights = spec.weighted ? c.x(2) : c.x(0);
  TensorRef divisor = c.x(0);
  std::vector<Dispatch> list;
  if (spec.reduction == REDUCTION_MEAN && !spec.soft && spec.counted) {
    divisor = c.scratch(4);
    list.push_back({.kernel = &c.kernel("cross_entropy_count"),
                    .tensors = {c.x(1), weights, divisor},
                    .spec = shaders::CrossEntropyCountSpec{single_workgroup(c.caps), spec.weighted},
                    .params = shaders::CrossEntropyCountParams{params.rows, params.cols},
                    .cost = {c.in(1).bytes(), params.rows}});
  }
  const bool sums = spec.reduction != REDUCTION_NONE && !(lanes && groups == 1);
  const uint32_t partial = lanes ? groups : params.rows;
  const TensorRef losses = sums ? c.scratch(4ull * partial) : c.y(0);
  list.push_back({.kernel = &c.kernel(lanes ? "cross_entropy_lanes" : "cross_entropy." + variant),
                  .tensors = {c.x(0), c.x(1), weights, divisor, losses, spec.with_gradient ? c.y(1) : c.scratch(4)},
                  .spec = spec,
                  .params = params,
                  .groups = groups,
                  .cost = {2 * c.in(0).bytes() + c.in(1).bytes(), 8ull * params.rows * params.cols}});
  if (sums) list.push_back(sum_partials(c, losses, c.y(0), partial));
  return list;
}

std::vector<Value> grad_cross_entropy(Grad& g) {
  const char* name = g.self().op->name;
  require(!g.needs(1) && !(g.inputs() == 3 && g.needs(2)), ErrorCode::unsupported, name,
          ": only the logits have a gradient, not the targets or class weights");
  require(g.self().outputs.size() == 2, ErrorCode::unsupported, name, ": built with gradient = false, so it has none");
  if (is_one(g.dy())) return {g.out(1)};
  Value dy = g.dy();
  if (dy.shape().rank() != 0) dy = reshape(dy, dy.shape().appended(1));
  return {multiply(g.out(1), dy)};
}

// The weight of each target on each class, by smaller ops: a row without one has none.
Value weights_of_classes(Graph& graph, const Node& node, double label_smoothing) {
  const Value logits(&graph, node.inputs[0]), targets(&graph, node.inputs[1]);
  const int64_t classes = logits.shape()[logits.shape().rank() - 1];
  const auto smoothing = static_cast<float>(label_smoothing);
  Value t = targets;
  if (targets.dtype() == DType::i32) {
    const Value labels = reshape(targets, targets.shape().appended(1));
    t = cast(equal(range(graph, 0, classes), labels), DType::f32);
    t = affine(t, 1 - smoothing, smoothing / static_cast<float>(classes));
    t = t * cast(greater_equal(labels, full(graph, Shape{}, 0, DType::i32)), DType::f32);
  } else {
    t = affine(t, 1 - smoothing, smoothing / static_cast<float>(classes));
  }
  return node.inputs.size() == 3 ? t * Value(&graph, node.inputs[2]) : t;
}

// What the mean divides by: rows of probabilities, or the weights of the classes that are not ignored.
Value divisor_of(Graph& graph, const Node& node) {
  const Value targets(&graph, node.inputs[1]);
  const Value count = targets.dtype() == DType::i32
                          ? sum(weights_of_classes(graph, node, 0))
                          : graph.scalar(static_cast<float>(row_shape(targets.shape()).elements()));
  return clamp(count, 1.2e-38f, 3e38f);  // where nothing counts the sum is 0 too
}

// Output 1 is the gradient of the loss for the logits.
Primal primal_cross_entropy(Graph& graph, const Node& node) {
  const auto attrs = node.attrs.as<CrossEntropyAttrs>();
  const Value scores(&graph, node.inputs[0]);
  const Value t = weights_of_classes(graph, node, attrs.label_smoothing);
  Value loss = -sum(t * (attrs.log_probabilities ? scores : log_softmax(scores)), {-1});
  const Reduction reduction = reduction_of(attrs.reduction, node.op->name);
  if (reduction != Reduction::none) loss = sum(loss);
  if (reduction == Reduction::mean) loss = loss / divisor_of(graph, node);
  return {.y = {loss}, .dy = {full(graph, loss.shape(), 1)}, .x = {{}, scores}};
}

constexpr Variant kCrossEntropyVariants[] = {
    {"lanes", needs_few_classes}, {"subgroup", needs_subgroups}, {"shared", nullptr}};
const OpDef kCrossEntropyOps[] = {
    {.name = "softmax_cross_entropy",
     .infer = infer_cross_entropy,
     .grad = grad_cross_entropy,
     .lower = lower_cross_entropy,
     .reference = reference::cross_entropy,
     .attrs = attrs_of<CrossEntropyAttrs>,
     .variants = kCrossEntropyVariants,
     .index_limit = classes_limit,
     .primal = primal_cross_entropy},
};

}  // namespace

std::span<const OpDef> cross_entropy_ops() { return kCrossEntropyOps; }

Value add_cross_entropy(Value scores, Value targets, const CrossEntropyOptions& o, bool log_probabilities) {
  std::vector<Value> inputs = {scores, targets};
  if (o.class_weights) inputs.push_back(o.class_weights);
  return scores.graph().add_all(kCrossEntropyOps[0], inputs,
                                CrossEntropyAttrs{.reduction = word_of(o.reduction),
                                                  .label_smoothing = o.label_smoothing,
                                                  .log_probabilities = log_probabilities,
                                                  .with_gradient = o.gradient})[0];
}

}  // namespace lemnos::ops

namespace lemnos {
Value softmax_cross_entropy(Value logits, Value targets, CrossEntropyOptions options) {
  return ops::add_cross_entropy(logits, targets, options, false);
}
Value nll_loss(Value log_probabilities, Value targets, CrossEntropyOptions options) {
  return ops::add_cross_entropy(log_probabilities, targets, options, true);
}
}  // namespace lemnos
