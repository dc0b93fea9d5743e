// Normalisation by statistics, dropout, and losses over classes.

#include <cstddef>

#include "judges/onnx/table.h"

namespace lemnos::judges::onnx {

namespace {

// In training the running statistics move by 1 - momentum toward those of the batch, biased.
std::vector<Value> batch_normalized(Call& c) {
  for (const char* name : {"spatial", "is_test"}) c.ignore(name);
  const float eps = c.real("epsilon", 1e-5f), kept = c.real("momentum", .9f);
  const Value mean = c[3], variance = c[4];
  if (!c.flag("training_mode", false)) return {batch_norm_eval(c[0], c[1], c[2], mean, variance, eps)};
  const BatchNormed batch = batch_norm(c[0], c[1], c[2], eps);
  const Value batch_mean = squeeze(slice_axis(batch.statistics, 1, 0, 1), 1);
  return {batch.y, kept * mean + (1 - kept) * batch_mean, kept * variance + (1 - kept) * batch.variance};
}

// With the mean and 1 / deviation of each row, whose axes stay.
std::vector<Value> layer_normalized(Call& c) {
  c.ignore("stash_type");  // the statistics are f32 in any case
  const Value x = c[0];
  const size_t rank = x.shape().rank(), axis = x.shape().axis(c.integer("axis", -1), "LayerNormalization");
  const float eps = c.real("epsilon", 1e-5f);
  const Axes axes = integers(static_cast<int64_t>(rank - axis), static_cast<int64_t>(axis));
  const LayerNormOptions options{.axes = static_cast<int64_t>(rank - axis), .eps = eps};
  return {layer_norm(x, c[1], c.value_or_none(2), options), mean(x, axes, true),
          rsqrt(variance(x, axes, false, true) + eps)};
}

// gamma and beta are a channel's, or before operator set 21 a group's.
Value group_normalized(Call& c) {
  c.ignore("stash_type");
  const int64_t groups = c.integer("num_groups"), channels = c[0].shape()[1];
  Axes group_of;
  for (int64_t i = 0; i < channels; ++i) group_of.push_back(i / (channels / groups));
  const auto each = [&](Value v) { return v.shape()[0] == channels ? v : pick(v, 0, group_of); };
  return group_norm(c[0], groups, each(c[1]), each(c[2]), c.real("epsilon", 1e-5f));
}

Value whitened(Call& c) {
  const Value x = c[0];
  const Axes axes = c.list("axes", {0, 2, 3});
  return (x - mean(x, axes, true)) / (sqrt(variance(x, axes, false, true)) + 1e-9f);
}

Value unit_length(Call& c) {
  const Value x = c[0];
  const int64_t axis = c.integer("axis", -1);
  if (c.integer("p", 2) == 2) return l2_normalize(x, {axis}, 0);
  return x / sum(abs(x), counted({axis}, x.shape()), true);
}

// x / (bias + alpha mean of the squares of `size` neighbouring channels)^beta: a pool along the channels.
Value neighbours(Call& c) {
  const Value x = c[0];
  const int64_t size = c.integer("size"), n = x.shape()[0], channels = x.shape()[1], rest = flatten(x, 2).shape()[2];
  const Value squares =
      pad(reshape(square(x), Shape{n, 1, channels, rest}), {0, 0, (size - 1) / 2, 0}, {0, 0, size / 2, 0});
  const Value means = reshape(avg_pool2d(squares, {.kernel = {size, 1}, .stride = {1, 1}}), x.shape());
  return x / pow(affine(means, c.real("alpha", 1e-4f), c.real("bias", 1)), c.graph().scalar(c.real("beta", .75f)));
}

// What is kept is everything, except in training with a ratio above 0.
std::vector<Value> kept_all(Call& c) {
  for (const char* name : {"seed", "ratio", "is_test"}) c.ignore(name);
  const bool training = c.has(2) && c.number(2) != 0;
  const double ratio = c.number(1, .5);
  express_if(!training || ratio == 0, "random numbers of NumPy's generator");
  return {identity(c[0]), ones(c.graph(), c[0].shape(), DType::i32)};
}

// Classes on the last axis instead of the second; an index that is to be ignored is below 0.
Value classes_last(Value x) {
  Axes order = {0};
  for (int64_t i = 2; i < static_cast<int64_t>(x.shape().rank()); ++i) order.push_back(i);
  order.push_back(1);
  return permute(x, order);
}

std::vector<Value> class_loss(Call& c, Value (*f)(Value, Value, CrossEntropyOptions)) {
  Value target = c.whole(1);
  if (c.has("ignore_index")) {
    const auto number = [&](double n) { return full(c.graph(), {}, static_cast<float>(n), DType::i32); };
    target = where(equal(target, number(static_cast<double>(c.integer("ignore_index")))), number(-1), target);
  }
  const CrossEntropyOptions options{.reduction = reduction_of(c.word("reduction", "mean")),
                                    .class_weights = c.value_or_none(2)};
  const Value loss = f(classes_last(c[0]), target, options);
  const Value shaped = options.reduction == Reduction::none ? reshape(loss, target.shape()) : loss;
  return {shaped, c.wants(1) ? log_softmax(c[0], 1) : Value()};
}

}  // namespace

void add_normed(OpTable& t) {
  t.add("BatchNormalization", batch_normalized);
  t.add("LayerNormalization", layer_normalized);
  t.add("InstanceNormalization", [](Call& c) { return instance_norm(c[0], c[1], c[2], c.real("epsilon", 1e-5f)); });
  t.add("GroupNormalization", group_normalized);
  t.add("MeanVarianceNormalization", whitened);
  t.add("LpNormalization", unit_length);
  t.add("LRN", neighbours);
  t.add("Dropout", kept_all, kExact);
  t.add("NegativeLogLikelihoodLoss", [](Call& c) { return class_loss(c, nll_loss); });
  t.add("SoftmaxCrossEntropyLoss", [](Call& c) { return class_loss(c, softmax_cross_entropy); });
}

}  // namespace lemnos::judges::onnx
