// Layers over sequences.
#include "base/text.h"
#include "lemnos/nn.h"

namespace lemnos::nn {

namespace {

void require_sequence(const char* layer, Value x) {
  require(x.shape().rank() == 3, ErrorCode::shape_mismatch, layer, ": x is ", x.desc(), ", it takes [B, T, C]");
}

Value projected(const Scope& scope, const char* name, Value x, int64_t out, bool bias) {
  return Linear{.out = out, .bias = bias}(scope.nested(name), x);
}

RecurrentWeights weights_of(const Scope& scope, const char* layer, Value x, int64_t units, int64_t gates, bool bias,
                            int64_t index) {
  require_sequence(layer, x);
  require(units > 0, ErrorCode::invalid_argument, layer, ": units is ", units, ", it must be positive");
  const std::string end = "_l" + std::to_string(index);
  const Init& init = Init::linear_default();  // +-1 / sqrt(units), all of them
  const int64_t rows = gates * units;
  RecurrentWeights w{scope.parameter("weight_ih" + end, {rows, x.shape()[2]}, init, units),
                     scope.parameter("weight_hh" + end, {rows, units}, init, units)};
  if (bias) {
    w.input_bias = scope.parameter("bias_ih" + end, {rows}, init, units);
    w.hidden_bias = scope.parameter("bias_hh" + end, {rows}, init, units);
  }
  return w;
}

// Layers on top of each other; the last one's h of every step, or of the last step alone.
template <typename Run>
Value stacked(const Scope& scope, const char* kind, Value x, int64_t units, int64_t gates, int64_t layers, bool bias,
              bool sequences, Run run) {
  require(layers >= 1, ErrorCode::invalid_argument, kind, ": ", layers, " layers, it takes 1 or more");
  Recurrent made{scope.computed(x), {}, {}};
  for (int64_t i = 0; i < layers; ++i) made = run(made.y, weights_of(scope, kind, made.y, units, gates, bias, i));
  return sequences ? made.y : made.h;
}

}  // namespace

Value Embedding::operator()(const Scope& scope, Value x) const {
  require(vocabulary > 0 && features > 0, ErrorCode::invalid_argument, kKind, ": ", vocabulary, " words of ", features,
          " features, both must be positive");
  const Value weight = scope.parameter("weight", {vocabulary, features}, weight_init);
  return embedding(weight, x.dtype() == DType::i32 ? x : cast(x, DType::i32));
}

Value LearnedPositions::operator()(const Scope& scope, Value x) const {
  require_sequence(kKind, x);
  return scope.computed(x) + scope.parameter("weight", {x.shape()[1], x.shape()[2]}, weight_init);
}

Value SinusoidalPositions::operator()(const Scope& scope, Value x) const {
  require_sequence(kKind, x);
  return scope.computed(x) + scope.computed(sinusoidal_positions(scope.graph(), x.shape()[1], x.shape()[2]));
}

Value MultiHeadAttention::operator()(const Scope& scope, Value x) const { return (*this)(scope, x, x); }

Value MultiHeadAttention::operator()(const Scope& scope, Value x, Value memory) const {
  require_sequence(kKind, x);
  require_sequence(kKind, memory);
  const int64_t features = x.shape()[2], batch = x.shape()[0];
  require(heads >= 1 && features % heads == 0, ErrorCode::shape_mismatch, kKind, ": ", features,
          " features do not divide into ", heads, " heads");
  const auto split_heads = [&](const char* name, Value from) {
    const Value y = projected(scope, name, from, features, bias);
    return reshape(y, Shape{batch, from.shape()[1], heads, features / heads});
  };
  Value q = split_heads("q_proj", x), k = split_heads("k_proj", memory);
  const Value v = split_heads("v_proj", memory);
  if (rotary) {
    q = rotary_positions(q, true);
    k = rotary_positions(k, true);
  }
  const Value y = scaled_dot_product_attention(q, k, v, {.causal = causal, .heads_inside = true});
  return projected(scope, "out_proj", reshape(y, x.shape()), features, bias);
}

Value Lstm::operator()(const Scope& scope, Value x) const {
  return stacked(scope, kKind, x, units, 4, layers, bias, sequences,
                 [](Value in, const RecurrentWeights& w) { return lstm(in, w); });
}
Value Gru::operator()(const Scope& scope, Value x) const {
  return stacked(scope, kKind, x, units, 3, layers, bias, sequences,
                 [](Value in, const RecurrentWeights& w) { return gru(in, w); });
}
Value Rnn::operator()(const Scope& scope, Value x) const {
  return stacked(scope, kKind, x, units, 1, layers, bias, sequences,
                 [this](Value in, const RecurrentWeights& w) { return rnn(in, w, {}, rectified); });
}

}  // namespace lemnos::nn
