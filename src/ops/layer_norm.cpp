// y = (x - mean) rstd gamma + beta with mean and rstd = 1 / sqrt(variance + eps) over rows of consecutive elements:
//   layer_norm  rows are the trailing `axes`; gamma and beta have their shape
//   rms_norm    the same without the mean: rstd = 1 / sqrt(mean(x^2) + eps)
//   group_norm  rows are `groups` groups of channels of one image; gamma and beta belong to channels
// Inputs x, then gamma, then beta, where they are given. The second output holds {mean, rstd, rest} of each row, for
// backward: the mean is mean + rest, because a spread of a few ulp of the mean is less than what one number loses.

#include <limits>

#include "lemnos/ops.h"
#include "ops/norm.h"
#include "reference/layer_norm.h"
#include "shaders/norm_rows.h"

namespace lemnos::ops {
namespace {

using Form = RowNormAttrs;
using reference::row_norm_form;

void require_x(const Infer& in, size_t least_rank) {
  require(!in.in.empty() && in.in.size() <= 3, ErrorCode::invalid_argument, in.op.name, ": ", in.in.size(),
          " inputs, it takes x, gamma and beta");
  require_float(in, 0);
  require(in.in[0].shape.rank() >= least_rank, ErrorCode::shape_mismatch, in.op.name, ": x ", in.in[0], " takes ",
          least_rank, " axes at least");
}

// There may be no rows, but a row has elements.
std::vector<TensorDesc> outputs(const Infer& in, const Form& f, const Shape& parameters) {
  require(f.cols > 0, ErrorCode::shape_mismatch, in.op.name, ": rows of x ", in.in[0], " have no elements");
  for (size_t i = 1; i < in.in.size(); ++i) require_channels(in, i, parameters);
  return {in.in[0], {{in.in[0].elements() / f.cols, 3}, DType::f32}};
}

std::vector<TensorDesc> infer_layer(const Infer& in) {
  require_x(in, 1);
  const int64_t axes = in.attrs<LayerNormAttrs>().axes, rank = static_cast<int64_t>(in.in[0].shape.rank());
  require(axes >= 1 && axes <= rank, ErrorCode::out_of_range, in.op.name, ": ", axes, " trailing axes of x ", in.in[0]);
  const Shape parameters(in.in[0].shape.dims().last(static_cast<size_t>(axes)));
  return outputs(in, row_norm_form(in.op.name, in.given, in.in[0].shape), parameters);
}

std::vector<TensorDesc> infer_group(const Infer& in) {
  require_x(in, 2);
  const int64_t groups = in.attrs<GroupNormAttrs>().groups, channels = in.in[0].shape[1];
  require(groups >= 1 && channels % groups == 0, ErrorCode::shape_mismatch, in.op.name, ": the ", channels,
          " channels of x ", in.in[0], " do not divide into ", groups, " groups");
  return outputs(in, row_norm_form(in.op.name, in.given, in.in[0].shape), {channels});
}

// Inputs x, stats, dy and, where there is one, gamma.
std::vector<TensorDesc> infer_layer_norm_backward(const Infer& in) {
  require(in.in.size() == 3 || in.in.size() == 4, ErrorCode::invalid_argument, in.op.name, ": ", in.in.size(),
          " inputs, it takes 3 or 4");
  require_same(in, 0, 2);
  return {in.in[0]};
}

// Inputs x, stats, dy and gamma; outputs dgamma and dbeta.
std::vector<TensorDesc> infer_parameters(const Infer& in) {
  require_inputs(in, 4);
  require_same(in, 0, 2);
  return {in.in[3], in.in[3]};
}

shaders::NormRowsSpec spec_of_layer_norm(const Lower& c, const Form& f, uint64_t rows, bool has_gamma, DType gamma) {
  const DType dtype = c.in(0).dtype;
  const auto cols = static_cast<uint64_t>(f.cols);
  const bool few = c.caps.software && cols <= c.caps.subgroup_size * kMostRounds;
  shaders::NormRowsSpec spec{.workgroup_size = few ? c.caps.subgroup_size : row_workgroup(cols, c.caps),
                             .format = format_of(dtype),
                             .gamma_format = format_of(gamma),
                             .centred = f.centred,
                             .has_gamma = has_gamma,
                             .per_column = f.per_column};
  spec.wide = f.cols % 4 == 0 && (f.per_column || f.inner % 4 == 0);
  spec.each = dtype != DType::f32 && f.cols % 2 != 0 && rows > 1 ? 2 : 1;
  return spec;
}

shaders::NormRowsParams params_of_layer_norm(const Lower& c, const Form& f) {
  return {.rows = static_cast<uint32_t>(c.in(0).elements() / f.cols),
          .cols = static_cast<uint32_t>(f.cols),
          .inner = static_cast<uint32_t>(f.inner),
          .channels = static_cast<uint32_t>(f.channels),
          .eps = static_cast<float>(f.eps)};
}

std::vector<Dispatch> lower_layer_norm(Lower& c) {
  const Form f = row_norm_form(c.node().op->name, c.node().attrs, c.in(0).shape);
  const uint32_t count = count32(c.out(), c.node().op->name);
  const auto params = params_of_layer_norm(c, f);
  auto spec = spec_of_layer_norm(c, f, params.rows, c.inputs() > 1, c.inputs() > 1 ? c.in(1).dtype : DType::f32);
  spec.has_beta = c.inputs() > 2;
  const TensorRef x = in_words(c.x(0));
  return {{.kernel = &c.kernel(std::string("norm_rows.") + c.variant()),
           .tensors = {x, spec.has_gamma ? in_words(c.x(1)) : x, spec.has_beta ? in_words(c.x(2)) : x, c.y(1),
                       in_words(c.y(0))},
           .spec = spec,
           .params = params,
           .groups = divide_up(params.rows, spec.each),
           .cost = {2 * c.out().bytes() + c.out(1).bytes(), 8ull * count}}};
}

std::vector<Dispatch> lower_layer_norm_backward(Lower& c) {
  const Form f = c.attrs<RowNormAttrs>();
  const uint32_t count = count32(c.out(), c.node().op->name);
  const bool has_gamma = c.inputs() == 4;
  const auto params = params_of_layer_norm(c, f);
  const auto spec = spec_of_layer_norm(c, f, params.rows, has_gamma, has_gamma ? c.in(3).dtype : DType::f32);
  const TensorRef x = in_words(c.x(0));
  return {{.kernel = &c.kernel(std::string("norm_rows_backward.") + c.variant()),
           .tensors = {x, has_gamma ? in_words(c.x(3)) : x, c.x(1), in_words(c.x(2)), in_words(c.y())},
           .spec = spec,
           .params = params,
           .groups = divide_up(params.rows, spec.each),
           .cost = {3 * c.out().bytes() + c.in(1).bytes(), 12ull * count}}};
}

std::vector<Dispatch> lower_parameters(Lower& c) {
  const Form f = c.attrs<RowNormAttrs>();
  count32(c.in(0), c.node().op->name);
  const Channels shape = channels_of(c.in(0).elements(), f.channels, f.inner);
  const int64_t rows = c.in(0).elements() / f.cols;
  const Summed summed{.function = NORM_GRADIENTS,
                      .x = in_words(c.x(0)),
                      .dy = in_words(c.x(2)),
                      .stats = c.x(1),
                      .dtype = c.in(0).dtype,
                      .groups = f.per_column ? 0 : static_cast<uint32_t>(rows / shape.images),
                      .per_row = f.per_column};
  Sums sums = channel_sums(c, shape, summed);
  const TensorRef unused = c.scratch(8ull * shape.channels);
  sums.dispatches.push_back(
      finish_sums(c, shape, sums, NORM_GRADIENTS, 0, unused, in_words(c.y(0)), in_words(c.y(1)), c.out().dtype));
  return sums.dispatches;
}

// By smaller ops, in f32. gamma and beta may be no value.
Value composed_layer_norm(Value x, Value gamma, Value beta, const Form& f) {
  const Shape shape = x.shape();
  const DType dtype = x.dtype();
  Value y = reshape(cast(x, DType::f32), Shape{shape.elements() / f.cols, f.cols});
  if (f.centred) y = y - mean(y, {1}, true);
  y = y * rsqrt(mean(square(y), {1}, true) + static_cast<float>(f.eps));
  const Shape of_channels = f.per_column ? Shape{1, f.cols} : Shape{1, f.channels, 1};
  if (!f.per_column) y = reshape(y, Shape{shape.elements() / f.channels / f.inner, f.channels, f.inner});
  if (gamma) y = y * reshape(cast(gamma, DType::f32), of_channels);
  if (beta) y = y + reshape(cast(beta, DType::f32), of_channels);
  return cast(reshape(y, shape), dtype);
}

Primal primal_layer_norm(Graph& graph, const Node& node) {
  const auto in = [&](size_t i) { return i < node.inputs.size() ? Value(&graph, node.inputs[i]) : Value(); };
  return {.y = {composed_layer_norm(in(0), in(3), {}, node.attrs.as<RowNormAttrs>())}, .dy = {in(2)}, .x = {in(0)}};
}

Primal primal_of_parameters(Graph& graph, const Node& node) {
  const auto in = [&](size_t i) { return Value(&graph, node.inputs[i]); };
  const Value beta = full(graph, in(3).shape(), 0, in(3).dtype());
  return {
      .y = {composed_layer_norm(in(0), in(3), beta, node.attrs.as<RowNormAttrs>())}, .dy = {in(2)}, .x = {in(3), beta}};
}

std::vector<Value> grad_layer_norm(Grad& g);

const OpDef kLayerNormOps[] = {
    {"layer_norm", infer_layer, grad_layer_norm, lower_layer_norm, reference::row_norm, attrs_of<LayerNormAttrs>,
     kRowVariants},
    {"rms_norm", infer_layer, grad_layer_norm, lower_layer_norm, reference::row_norm, attrs_of<LayerNormAttrs>,
     kRowVariants},
    {"group_norm", infer_group, grad_layer_norm, lower_layer_norm, reference::row_norm, attrs_of<GroupNormAttrs>,
     kRowVariants},
    {.name = "row_norm_backward",
     .infer = infer_layer_norm_backward,
     .lower = lower_layer_norm_backward,
     .reference = reference::row_norm_backward,
     .attrs = attrs_of<RowNormAttrs>,
     .variants = kRowVariants,
     .primal = primal_layer_norm},
    {.name = "row_norm_parameters",
     .infer = infer_parameters,
     .lower = lower_parameters,
     .reference = reference::row_norm_parameters,
     .attrs = attrs_of<RowNormAttrs>,
     .variants = kRowVariants,
     .primal = primal_of_parameters},
};

std::vector<Value> grad_layer_norm(Grad& g) {
  const Form f = row_norm_form(g.self().op->name, g.self().attrs, g.in(0).shape());
  require(!g.dy(1), ErrorCode::unsupported, g.self().op->name, ": has no gradient of its statistics");
  std::vector<Value> found(g.inputs());
  if (g.in(0).desc().elements() == 0) {
    for (size_t i = 0; i < found.size(); ++i) found[i] = zeros(g.graph, g.in(i).shape(), g.in(i).dtype());
    return found;
  }
  const bool has_gamma = g.inputs() > 1;
  std::vector<Value> inputs = {g.in(0), g.out(1), g.dy()};
  if (has_gamma) inputs.push_back(g.in(1));
  if (g.needs(0)) found[0] = g.graph.add_all(kLayerNormOps[3], inputs, f)[0];
  if (has_gamma && (g.needs(1) || (g.inputs() > 2 && g.needs(2)))) {
    const std::vector<Value> both = g.graph.add_all(kLayerNormOps[4], inputs, f);
    found[1] = both[0];
    if (g.inputs() > 2) found[2] = both[1];
  }
  return found;
}

}  // namespace

std::span<const OpDef> layer_norm_ops() { return kLayerNormOps; }

Value normalise(size_t op, Value x, Value gamma, Value beta, Attrs attrs) {
  require(gamma || !beta, ErrorCode::invalid_argument, kLayerNormOps[op].name, ": a beta without a gamma");
  const std::array inputs{x, gamma, beta};
  return x.graph().add_all(kLayerNormOps[op], std::span(inputs).first(beta ? 3 : gamma ? 2 : 1), std::move(attrs))[0];
}

}  // namespace lemnos::ops

namespace lemnos {

Value layer_norm(Value x, Value gamma, Value beta, LayerNormOptions options) {
  return ops::normalise(0, x, gamma, beta, LayerNormAttrs{.axes = options.axes, .eps = options.eps});
}
Value rms_norm(Value x, Value gamma, RmsNormOptions options) {
  return ops::normalise(1, x, gamma, {}, LayerNormAttrs{.axes = options.axes, .eps = options.eps});
}
Value group_norm(Value x, int64_t groups, Value gamma, Value beta, float eps) {
  return ops::normalise(2, x, gamma, beta, GroupNormAttrs{.groups = groups, .eps = eps});
}
Value instance_norm(Value x, Value gamma, Value beta, float eps) {
  require(x.shape().rank() >= 2, ErrorCode::shape_mismatch, "instance_norm: x ", x.desc(), " takes two axes at least");
  return group_norm(x, x.shape()[1], gamma, beta, eps);
}
Value l2_normalize(Value x, std::vector<int64_t> axes, float eps) {
  return x / clamp(norm(x, std::move(axes), true), eps, std::numeric_limits<float>::infinity());
}

}  // namespace lemnos
