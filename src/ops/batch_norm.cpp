// batch_norm:      y = (x - mean) rstd gamma + beta, mean and rstd = 1 / sqrt(variance + eps) of each channel of x[N,
// C, ..]
//                  over everything else, of which perhaps only the first rows count; outputs y, {mean, rstd}[C, 2],
//                  variance[C]
// batch_norm_eval: the same with a given mean and variance
// update_running:  the running statistics move by `momentum` toward the batch's, in place
// Statistics are made in chunks, combined in order; dgamma and dbeta likewise, in one pass with what dx needs.

#include <algorithm>

#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/norm.h"
#include "reference/batch_norm.h"
#include "shaders/norm_apply.h"
#include "shaders/norm_running.h"

namespace lemnos::ops {
namespace {

Channels shape_of(const Shape& x) { return channels_of(x.elements(), x[1], x.elements() / (x[0] * x[1])); }

void require_rows_batch_norm(const Infer& in, bool counted) {
  require(!counted || in.in.back() == TensorDesc{Shape{1}, DType::u32}, ErrorCode::shape_mismatch, in.op.name,
          ": the rows that count are ", in.in.back(), ", they are u32[1]");
}

// x, gamma and beta, as the attributes say which are there; then `others`.
void require_operands_batch_norm(const Infer& in, size_t others) {
  const size_t given = static_cast<size_t>(in.attrs<BatchNormAttrs>().affine);
  require_inputs(in, 1 + given + others);
  require_float(in, 0);
  const Shape& x = in.in[0].shape;
  require(x.rank() >= 2 && x.elements() > 0, ErrorCode::shape_mismatch, in.op.name, ": x ", in.in[0],
          " takes two axes at least, and elements");
  for (size_t i = 1; i <= given; ++i) require_channels(in, i, {x[1]});
}

std::vector<TensorDesc> infer_batch_norm(const Infer& in) {
  const bool counted = in.attrs<BatchNormAttrs>().counted;
  require_operands_batch_norm(in, counted);
  require_rows_batch_norm(in, counted);
  const Shape& x = in.in[0].shape;
  require(x.elements() > x[1], ErrorCode::invalid_argument, in.op.name, ": x ", in.in[0],
          " has 1 element for each channel, statistics need at least 2");
  return {in.in[0], {{x[1], 2}, DType::f32}, {{x[1]}, DType::f32}};
}

std::vector<TensorDesc> infer_eval(const Infer& in) {
  require_operands_batch_norm(in, 2);
  for (size_t i = in.in.size() - 2; i < in.in.size(); ++i)
    require(in.in[i] == TensorDesc{Shape{in.in[0].shape[1]}, DType::f32}, ErrorCode::shape_mismatch, in.op.name,
            ": input ", i, " is ", in.in[i], " for x ", in.in[0], ", statistics are f32, one for each channel");
  return {in.in[0]};
}

// Inputs x, {mean, rstd}, dy and, where there are such, gamma and the rows that count; outputs dx, dgamma, dbeta.
std::vector<TensorDesc> infer_batch_norm_backward(const Infer& in) {
  const bool counted = in.attrs<BatchNormBackwardAttrs>().counted;
  const size_t least = 3 + size_t{counted};
  require(in.in.size() == least || in.in.size() == least + 1, ErrorCode::invalid_argument, in.op.name, ": ",
          in.in.size(), " inputs, it takes ", least, " or ", least + 1);
  require_same(in, 0, 2);
  require_rows_batch_norm(in, counted);
  const TensorDesc gamma = in.in.size() > least ? in.in[3] : TensorDesc{{in.in[0].shape[1]}, DType::f32};
  return {in.in[0], gamma, gamma};
}

std::vector<TensorDesc> infer_batch_norm_update(const Infer& in) {
  const auto attrs = in.attrs<UpdateRunningAttrs>();
  require_inputs(in, 4 + size_t{attrs.counted});
  require_rows_batch_norm(in, attrs.counted);
  const Shape channels = in.in[0].shape;
  for (size_t i = 0; i < 4; ++i) {
    const TensorDesc wanted{i == 2 ? channels.appended(2) : channels, DType::f32};
    require(in.in[i] == wanted, ErrorCode::shape_mismatch, in.op.name, ": input ", i, " is ", in.in[i], ", it takes ",
            wanted);
  }
  require(attrs.elements > 1 - int64_t{attrs.counted}, ErrorCode::invalid_argument, in.op.name, ": ", attrs.elements,
          " elements for each channel, an unbiased variance needs at least 2");
  return {in.in[0], in.in[1]};
}

/// The elementwise pass. Whatever the function does not use is x.
Dispatch apply_batch_norm(Lower& c, uint32_t function, TensorRef gamma, DType gamma_dtype, TensorRef beta,
                          TensorRef stats, TensorRef sums, TensorRef dy, float eps, TensorRef rows = {}) {
  using namespace shaders;
  const Channels shape = shape_of(c.in(0).shape);
  const uint32_t count = count32(c.in(0), c.node().op->name);
  const TensorRef x = in_words(c.x(0));
  const auto bound = [&](const TensorRef& ref) { return ref.bytes ? ref : x; };
  const NormApplySpec spec{.workgroup_size = 64,
                           .format = format_of(c.in(0).dtype),
                           .gamma_format = format_of(gamma_dtype),
                           .function = function,
                           .has_gamma = gamma.bytes != 0,
                           .has_beta = beta.bytes != 0,
                           .wide = shape.inner % 4 == 0,
                           .counted = rows.bytes != 0};
  require(count < (1u << 31), ErrorCode::unsupported, c.node().op->name, ": x ", c.in(0), " has ", count,
          " elements, the limit of this kernel is ", 1u << 31);
  const Divisor inner = shape.inner > 1 ? divisor(shape.inner) : Divisor{};
  const Divisor channels = shape.channels > 1 ? divisor(shape.channels) : Divisor{};
  const NormApplyParams params{.count = count,
                               .inner = shape.inner,
                               .channels = shape.channels,
                               .inner_multiplier = inner.multiplier,
                               .inner_shift = inner.shift,
                               .channels_multiplier = channels.multiplier,
                               .channels_shift = channels.shift,
                               .total = static_cast<float>(shape.total()),
                               .eps = eps};
  return {
      .kernel = &c.kernel("norm_apply"),
      .tensors = {x, bound(gamma), bound(beta), bound(stats), bound(sums), bound(dy), in_words(c.y(0)), bound(rows)},
      .spec = spec,
      .params = params,
      .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
      .cost = {(dy.bytes ? 3 : 2) * c.in(0).bytes(), 4ull * count}};
}

TensorRef operand(Lower& c, size_t i) {
  return static_cast<size_t>(c.attrs<BatchNormAttrs>().affine) >= i ? in_words(c.x(i)) : TensorRef{};
}
DType gamma_dtype(const Lower& c) { return c.attrs<BatchNormAttrs>().affine ? c.in(1).dtype : DType::f32; }
float eps_of(const Lower& c) { return static_cast<float>(c.attrs<BatchNormAttrs>().eps); }

TensorRef rows_of(Lower& c, bool counted) { return counted ? c.x(c.inputs() - 1) : TensorRef{}; }

std::vector<Dispatch> lower_batch_norm(Lower& c) {
  const Channels shape = shape_of(c.in(0).shape);
  const TensorRef x = in_words(c.x(0));
  const Summed summed{.function = NORM_STATISTICS,
                      .x = x,
                      .dy = x,
                      .stats = c.scratch(8),
                      .dtype = c.in(0).dtype,
                      .rows = rows_of(c, c.attrs<BatchNormAttrs>().counted)};
  Sums sums = channel_sums(c, shape, summed);
  std::vector<Dispatch> list = std::move(sums.dispatches);
  list.push_back(finish_sums(c, shape, sums, NORM_STATISTICS, eps_of(c), c.y(1), c.y(2), c.scratch(4), DType::f32));
  list.push_back(
      apply_batch_norm(c, NORM_APPLY_FORWARD, operand(c, 1), gamma_dtype(c), operand(c, 2), c.y(1), {}, {}, 0));
  return list;
}

std::vector<Dispatch> lower_eval(Lower& c) {
  return {apply_batch_norm(c, NORM_APPLY_RUNNING, operand(c, 1), gamma_dtype(c), operand(c, 2), c.x(c.inputs() - 2),
                           c.x(c.inputs() - 1), {}, eps_of(c))};
}

std::vector<Dispatch> lower_batch_norm_backward(Lower& c) {
  const Channels shape = shape_of(c.in(0).shape);
  const TensorRef dy = in_words(c.x(2));
  const Summed summed{
      .function = NORM_GRADIENTS, .x = in_words(c.x(0)), .dy = dy, .stats = c.x(1), .dtype = c.in(0).dtype};
  Sums sums = channel_sums(c, shape, summed);
  const TensorRef totals = c.scratch(8ull * shape.channels);
  std::vector<Dispatch> list = std::move(sums.dispatches);
  list.push_back(
      finish_sums(c, shape, sums, NORM_GRADIENTS, 0, totals, in_words(c.y(1)), in_words(c.y(2)), c.out(1).dtype));
  const bool counted = c.attrs<BatchNormBackwardAttrs>().counted, has_gamma = c.inputs() > 3 + size_t{counted};
  list.push_back(apply_batch_norm(c, NORM_APPLY_BACKWARD, has_gamma ? in_words(c.x(3)) : TensorRef{},
                                  has_gamma ? c.in(3).dtype : DType::f32, {}, c.x(1), totals, dy, 0,
                                  rows_of(c, counted)));
  return list;
}

std::vector<Dispatch> lower_batch_norm_update(Lower& c) {
  const auto attrs = c.attrs<UpdateRunningAttrs>();
  const auto channels = static_cast<uint32_t>(c.in(0).elements());
  const double elements = static_cast<double>(attrs.elements);
  const shaders::NormRunningSpec spec{.workgroup_size = 64, .counted = attrs.counted};
  return {{.kernel = &c.kernel("norm_running"),
           .tensors = {c.y(0), c.y(1), c.x(2), c.x(3), attrs.counted ? c.x(4) : c.x(3)},
           .spec = spec,
           .params = shaders::NormRunningParams{channels, static_cast<float>(attrs.momentum),
                                                static_cast<float>(elements / std::max(elements - 1, 1.0)),
                                                static_cast<uint32_t>(attrs.elements)},
           .groups = divide_up(channels, spec.workgroup_size),
           .cost = {28ull * channels, 8ull * channels}}};
}

// By smaller ops, in f32. gamma, beta and the rows that count may be no value.
Value composed_batch_norm(Value x, Value gamma, Value beta, float eps, Value rows) {
  const Shape shape = x.shape();
  const DType dtype = x.dtype();
  const Channels c = shape_of(shape);
  Value y = reshape(cast(x, DType::f32), Shape{c.images, c.channels, c.inner});
  Value keep, n;  // 1 for each row that counts, and the elements of a channel in those
  if (rows) {
    keep = reshape(less(range(x.graph(), 0, c.images), cast(rows, DType::i32)), Shape{c.images, 1, 1});
    keep = cast(keep, DType::f32);
    n = clamp(cast(rows, DType::f32), 1, static_cast<float>(c.images)) * static_cast<float>(c.inner);
  }
  const auto mean_of = [&](Value v) { return rows ? sum(v * keep, {0, 2}, true) / n : mean(v, {0, 2}, true); };
  y = y - mean_of(y);
  y = y * rsqrt(mean_of(square(y)) + eps);
  const Shape by_channel{1, c.channels, 1};
  if (gamma) y = y * reshape(cast(gamma, DType::f32), by_channel);
  if (beta) y = y + reshape(cast(beta, DType::f32), by_channel);
  return cast(reshape(y, shape), dtype);
}

// dgamma and dbeta are computed even without a gamma; then they are not read.
Primal primal_batch_norm(Graph& graph, const Node& node) {
  const auto attrs = node.attrs.as<BatchNormBackwardAttrs>();
  const auto in = [&](size_t i) { return Value(&graph, node.inputs[i]); };
  const size_t given = node.inputs.size() - size_t{attrs.counted};
  const Value gamma = given > 3 ? in(3) : Value(),
              beta = gamma ? full(graph, gamma.shape(), 0, gamma.dtype()) : Value();
  const Value rows = attrs.counted ? in(given) : Value();
  return {.y = {composed_batch_norm(in(0), gamma, beta, static_cast<float>(attrs.eps), rows)},
          .dy = {in(2)},
          .x = {in(0), gamma, beta}};
}

std::vector<Value> grad_batch_norm(Grad& g);
std::vector<Value> grad_eval(Grad& g);

constexpr Alias kBatchNormUpdates[] = {{0, 0}, {1, 1}};

const OpDef kBatchNormOps[] = {
    {"batch_norm", infer_batch_norm, grad_batch_norm, lower_batch_norm, reference::batch_norm, attrs_of<BatchNormAttrs>,
     kRowVariants},
    {.name = "batch_norm_backward",
     .infer = infer_batch_norm_backward,
     .lower = lower_batch_norm_backward,
     .reference = reference::batch_norm_backward,
     .attrs = attrs_of<BatchNormBackwardAttrs>,
     .variants = kRowVariants,
     .primal = primal_batch_norm},
    {"batch_norm_eval", infer_eval, grad_eval, lower_eval, reference::batch_norm_eval, attrs_of<BatchNormAttrs>},
    {"update_running",
     infer_batch_norm_update,
     nullptr,
     lower_batch_norm_update,
     reference::update_running,
     attrs_of<UpdateRunningAttrs>,
     {},
     kBatchNormUpdates},
};

std::vector<Value> grad_batch_norm(Grad& g) {
  require(!g.dy(1) && !g.dy(2), ErrorCode::unsupported, "batch_norm: has no gradient of its statistics");
  const auto attrs = g.attrs<BatchNormAttrs>();
  std::vector<Value> inputs = {g.in(0), g.out(1), g.dy()};
  if (attrs.affine > 0) inputs.push_back(g.in(1));
  if (attrs.counted) inputs.push_back(g.in(g.inputs() - 1));
  std::vector<Value> found =
      g.graph.add_all(kBatchNormOps[1], inputs, BatchNormBackwardAttrs{.eps = attrs.eps, .counted = attrs.counted});
  found.resize(1 + static_cast<size_t>(attrs.affine));
  found.resize(g.inputs());
  return found;
}

// Composed of smaller ops: needed only for partly frozen networks.
std::vector<Value> grad_eval(Grad& g) {
  const auto attrs = g.attrs<BatchNormAttrs>();
  const size_t given = g.inputs() - 3;
  const Shape x = g.in(0).shape();
  Shape by_channel = Shape{1, x[1]};
  std::vector<int64_t> others = {0};
  for (size_t i = 2; i < x.rank(); ++i) {
    by_channel = by_channel.appended(1);
    others.push_back(static_cast<int64_t>(i));
  }
  require(g.in(0).dtype() == DType::f32 && (given == 0 || g.in(1).dtype() == DType::f32), ErrorCode::unsupported,
          "batch_norm_eval: has a gradient in f32 only, x is ", g.in(0).desc());
  const Value mean = g.in(g.inputs() - 2), rstd = rsqrt(g.in(g.inputs() - 1) + static_cast<float>(attrs.eps));
  std::vector<Value> found(g.inputs());
  if (g.needs(0)) found[0] = g.dy() * reshape(given > 0 ? g.in(1) * rstd : rstd, by_channel);
  if (given > 0 && g.needs(1)) found[1] = sum(g.dy() * (g.in(0) - reshape(mean, by_channel)), others) * rstd;
  if (given > 1 && g.needs(2)) found[2] = sum(g.dy(), others);
  return found;
}

std::vector<Value> operands(const char* who, Value x, Value gamma, Value beta) {
  require(gamma || !beta, ErrorCode::invalid_argument, who, ": a beta without a gamma");
  std::vector<Value> inputs = {x};
  if (gamma) inputs.push_back(gamma);
  if (beta) inputs.push_back(beta);
  return inputs;
}

}  // namespace

std::span<const OpDef> batch_norm_ops() { return kBatchNormOps; }

std::vector<Value> add_batch_norm(size_t op, std::vector<Value> inputs, size_t affine, float eps, Value rows) {
  if (rows) inputs.push_back(rows);
  const BatchNormAttrs attrs{.eps = eps, .affine = static_cast<int64_t>(affine), .counted = static_cast<bool>(rows)};
  return inputs[0].graph().add_all(kBatchNormOps[op], inputs, attrs);
}
std::vector<Value> add_update(std::vector<Value> inputs, const UpdateRunningAttrs& attrs) {
  return inputs[0].graph().add_all(kBatchNormOps[3], inputs, attrs);
}

}  // namespace lemnos::ops

namespace lemnos {

BatchNormed batch_norm(Value x, Value gamma, Value beta, float eps, Value rows) {
  const std::vector<Value> inputs = ops::operands("batch_norm", x, gamma, beta);
  const std::vector<Value> made = ops::add_batch_norm(0, inputs, inputs.size() - 1, eps, rows);
  return {made[0], made[1], made[2], rows};
}

Value batch_norm_eval(Value x, Value gamma, Value beta, Value mean, Value variance, float eps) {
  std::vector<Value> inputs = ops::operands("batch_norm_eval", x, gamma, beta);
  const size_t affine = inputs.size() - 1;
  inputs.push_back(mean);
  inputs.push_back(variance);
  return ops::add_batch_norm(2, inputs, affine, eps, {})[0];
}

std::array<Value, 2> update_running_statistics(Value mean, Value variance, const BatchNormed& batch,
                                               int64_t elements_per_channel, float momentum) {
  Graph& graph = mean.graph();  // of a layer that is used twice
  std::vector<Value> inputs = {graph.newest(mean), graph.newest(variance), batch.statistics, batch.variance};
  UpdateRunningAttrs attrs{.momentum = momentum, .elements = elements_per_channel};
  if (batch.rows) {
    inputs.push_back(batch.rows);
    attrs.counted = true;
    attrs.elements /= batch.y.shape()[0];
  }
  const std::vector<Value> made = ops::add_update(inputs, attrs);
  return {made[0], made[1]};
}

}  // namespace lemnos
