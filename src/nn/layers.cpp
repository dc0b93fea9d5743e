#include "base/text.h"
#include "lemnos/nn.h"

namespace lemnos::nn {

Value Layer::operator()(const Scope& scope, Value x) const {
  if (one_) return one_(scope, x);
  const std::vector<Value> outputs = many_(scope, {x});
  require(outputs.size() == 1, ErrorCode::shape_mismatch, "model: ", kind_, " has ", outputs.size(),
          " outputs, expected one");
  return outputs[0];
}

std::vector<Value> Layer::operator()(const Scope& scope, const std::vector<Value>& inputs) const {
  if (many_) return many_(scope, inputs);
  require(inputs.size() == 1, ErrorCode::shape_mismatch, "model: ", kind_, " takes one input, there are ",
          inputs.size());
  return {one_(scope, inputs[0])};
}

Value Linear::operator()(const Scope& scope, Value x) const {
  require(x.shape().rank() >= 2, ErrorCode::shape_mismatch, "linear: x is ", x.desc(),
          ", it takes a batch axis and a feature axis (nn::Flatten joins the others)");
  require(out > 0, ErrorCode::invalid_argument, "linear: out is ", out, ", it must be positive");
  x = scope.computed(x);
  const int64_t in = x.shape()[x.shape().rank() - 1];
  const Value weight = scope.parameter("weight", {out, in}, weight_init);
  const Value offset = bias ? scope.parameter("bias", {out}, bias_init, in) : Value();
  return linear(x, weight, offset);
}

namespace {

// The matrices [inputs + 1, outputs] of a fused network, each initialised as a separate Linear.
std::vector<float> fused_values(const FusedMlp& layer, int64_t in, uint64_t seed, uint64_t stream) {
  std::vector<float> values;
  for (int64_t i = 0; i <= layer.hidden; ++i) {
    const int64_t out = i == layer.hidden ? layer.out : layer.width;
    const uint64_t own = stream + 2 * static_cast<uint64_t>(i);
    const std::vector<float> weight = initial_values(layer.weight_init, {out, in}, seed, own),
                             bias = initial_values(layer.bias_init, {out}, seed, own + 1, in);
    for (int64_t k = 0; k < in; ++k)
      for (int64_t o = 0; o < out; ++o) values.push_back(weight[static_cast<size_t>(o * in + k)]);
    values.insert(values.end(), bias.begin(), bias.end());
    in = out;
  }
  return values;
}

}  // namespace

Value FusedMlp::operator()(const Scope& scope, Value x) const {
  require(x.shape().rank() >= 2, ErrorCode::shape_mismatch, kKind, ": x is ", x.desc(),
          ", it takes a batch axis and a feature axis");
  x = scope.computed(x);
  const int64_t in = x.shape()[x.shape().rank() - 1];
  const FusedMlpOptions options{
      .width = width, .hidden = hidden, .out = out, .activation = activation, .keep_hidden = scope.training()};
  const Value weights =
      scope.parameter("weights", {fused_mlp_weights(in, options)},
                      [&](uint64_t seed, uint64_t stream) { return fused_values(*this, in, seed, stream); });
  return fused_mlp(x, weights, options);
}

Value Dropout::operator()(const Scope& scope, Value x) const {
  require(rate >= 0 && rate < 1, ErrorCode::out_of_range, "dropout: rate ", rate, " is outside of [0, 1)");
  if (!scope.training() || rate == 0) return x;
  return dropout(x, scope.state(), rate, static_cast<uint32_t>(scope.seed()), scope.prefix());
}

Value SpatialDropout::operator()(const Scope& scope, Value x) const {
  require(rate >= 0 && rate < 1, ErrorCode::out_of_range, kKind, ": rate ", rate, " is outside of [0, 1)");
  if (!scope.training() || rate == 0) return x;
  return spatial_dropout(x, scope.state(), rate, static_cast<uint32_t>(scope.seed()), scope.prefix());
}

Value GaussianNoise::operator()(const Scope& scope, Value x) const {
  require(deviation >= 0, ErrorCode::out_of_range, kKind, ": deviation ", deviation, " is below 0");
  if (!scope.training() || deviation == 0) return x;
  return gaussian_noise(x, scope.state(), deviation, static_cast<uint32_t>(scope.seed()), scope.prefix());
}

Value Prelu::operator()(const Scope& scope, Value x) const {
  require(x.shape().rank() >= 2, ErrorCode::shape_mismatch, kKind, ": x is ", x.desc(),
          ", it takes a batch axis and a channel axis at least");
  return prelu(scope.computed(x), scope.parameter("weight", {per_channel ? x.shape()[1] : 1}, Init::constant(slope)));
}

Layer function(std::string kind, std::function<Value(Value)> apply) {
  return {std::move(kind), [apply = std::move(apply)](const Scope&, Value x) { return apply(x); }};
}

// Of the two sides one may have weights, and compute in the scope's type, and the other not.
Model residual(Model body) {
  return {"residual", [body = std::move(body)](const Scope& scope, Value x) {
            return scope.computed(x) + scope.computed(body(scope.nested("body"), x));
          }};
}
Model residual(Model body, Model shortcut) {
  return {"residual", [body = std::move(body), shortcut = std::move(shortcut)](const Scope& scope, Value x) {
            return scope.computed(shortcut(scope.nested("shortcut"), x)) +
                   scope.computed(body(scope.nested("body"), x));
          }};
}

namespace {
int64_t parameter_elements(const Graph& graph) {
  int64_t total = 0;
  for (Value p : graph.parameters()) total += p.desc().elements();
  return total;
}
}  // namespace

Model sequential(std::vector<Layer> layers) {
  return {"sequential", [layers = std::move(layers)](const Scope& scope, Value x) {
            for (size_t i = 0; i < layers.size(); ++i) {
              const Scope inner = scope.nested(std::to_string(i));
              const int64_t before = parameter_elements(scope.graph());
              const size_t line = scope.reports ? scope.reports->size() : 0;
              x = layers[i](inner, x);
              if (scope.reports)
                scope.reports->insert(
                    scope.reports->begin() + static_cast<std::ptrdiff_t>(line),
                    {inner.prefix(), layers[i].kind(), x.shape(), parameter_elements(scope.graph()) - before});
            }
            return x;
          }};
}

}  // namespace lemnos::nn
