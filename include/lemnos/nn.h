// Layers and models: functions over values. The first call creates their parameters in the graph's state; later calls
// use the same parameters, so that a training and an evaluation program share them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/init.h"
#include "lemnos/ops.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::nn {

/// One line of a summary: a layer and its output.
struct LayerReport {
  std::string name;  // "0.linear"
  std::string kind;  // "linear"
  Shape output;      // with the batch axis
  int64_t parameters = 0;
};

/// The context in which a layer is built: a graph, a prefix for names, and whether it is for training.
class Scope {
 public:
  Scope(Graph& graph, Value state, bool training, uint64_t seed)
      : graph_(&graph), state_(state), training_(training), seed_(seed) {}

  /// The graph in which layers add their nodes.
  Graph& graph() const { return *graph_; }
  /// Whether the layers act as in training: dropout, statistics of the batch.
  bool training() const { return training_; }
  /// The StepState variable, from which random layers read the step number.
  Value state() const { return state_; }
  /// Of initial values and random streams.
  uint64_t seed() const { return seed_; }
  /// "features.0": the names of the enclosing scopes, joined by dots.
  const std::string& prefix() const { return prefix_; }
  /// A scope whose names begin with this one's and `name`.
  Scope nested(const std::string& name) const;
  /// The same scope, but gradients stop at its parameters: for a critic that evaluates but does not learn.
  Scope detached() const;

  /// The parameter of that name under this scope, in the dtype that the scope computes in. The first call creates it
  /// from `init`. Throws `shape_mismatch` with both shapes if it exists with another shape, `invalid_argument` if the
  /// name belongs to an input, a variable or a slot.
  Value parameter(const std::string& name, const Shape& shape, const Init& init, int64_t fan_in = 0) const;
  /// The same, with start values that `make(seed, stream)` returns at the first call.
  Value parameter(const std::string& name, const Shape& shape,
                  const std::function<std::vector<float>(uint64_t seed, uint64_t stream)>& make) const;
  /// A named f32 state that is not trained (running means), starting at `value`.
  Value variable(const std::string& name, const Shape& shape, float value) const;

  /// x in the dtype that this scope computes in. Layers with weights convert their input with it.
  Value computed(Value x) const { return x.dtype() == compute ? x : cast(x, compute); }

  /// The dtype that layers with weights compute in. Parameters are always stored in f32 and rounded when they are used.
  DType compute = DType::f32;
  /// Receives a report from each layer; may be null.
  std::vector<LayerReport>* reports = nullptr;
  /// Receives the updates of state that belong to a training step (running statistics), as targets of its program. If
  /// null, the state does not change.
  std::vector<Value>* updates = nullptr;
  /// The first `rows` u32[1] of the `of` rows of a batch count; the rest is padding. Empty: all count.
  struct Counted {
    Value rows = {};
    int64_t of = 0;
  } counted = {};
  /// The same for the first axis of x, where each row of the batch has become several rows. Throws `invalid_argument`
  /// if that is not a whole number.
  Value counted_rows(Value x) const;

 private:
  Value used(Value parameter) const;

  Graph* graph_;
  Value state_;
  bool training_;
  bool detached_ = false;
  uint64_t seed_;
  std::string prefix_;
};

/// Any callable `Value(const Scope&, Value x)` with a `kind`: the elements of sequential(). A model of several inputs
/// or outputs is a callable `std::vector<Value>(const Scope&, const std::vector<Value>& inputs)`.
class Layer {
 public:
  /// A layer of one value.
  using One = std::function<Value(const Scope&, Value)>;
  /// A layer of several values.
  using Many = std::function<std::vector<Value>(const Scope&, const std::vector<Value>&)>;

  template <typename L>
  requires(!std::is_same_v<L, Layer> && std::is_invocable_r_v<Value, const L&, const Scope&, Value>) Layer(L layer)
      : Layer(L::kKind, One(std::move(layer))) {}
  Layer(std::string kind, One apply) : kind_(std::move(kind)), one_(std::move(apply)) {}
  Layer(std::string kind, Many apply) : kind_(std::move(kind)), many_(std::move(apply)) {}

  /// Its name, for messages and summaries.
  const std::string& kind() const { return kind_; }
  /// Throws `shape_mismatch` if the number of inputs or outputs is not the layer's.
  Value operator()(const Scope& scope, Value x) const;
  std::vector<Value> operator()(const Scope& scope, const std::vector<Value>& inputs) const;

 private:
  std::string kind_;
  One one_;    // or
  Many many_;  // one of the two
};

/// y = x weight^T + bias: x[B, .., in], weight[out, in] "weight", bias[out] "bias". `in` is taken from x.
struct Linear {
  static constexpr const char* kKind = "linear";
  int64_t out = 0;
  bool bias = true;
  Init weight_init = Init::linear_default();
  Init bias_init = Init::linear_default();
  void visit(auto&& f) { f("out", out), f("bias", bias), f("weight_init", weight_init), f("bias_init", bias_init); }
  Value operator()(const Scope& scope, Value x) const;
};

/// A network of narrow layers as one kernel (fused_mlp): x[.., in] through `hidden` layers of `width` units to `out`,
/// with one parameter "weights" that holds all matrices and biases.
struct FusedMlp {
  static constexpr const char* kKind = "fused_mlp";
  int64_t width = 64;  // 4 to 128, in whole groups of four
  int64_t hidden = 2;
  int64_t out = 1;
  MlpActivation activation = MlpActivation::relu;
  Init weight_init = Init::linear_default();  // of each matrix, by its own fans
  Init bias_init = Init::linear_default();
  void visit(auto&& f) {
    f("width", width), f("hidden", hidden), f("out", out), f("activation", activation), f("weight_init", weight_init),
        f("bias_init", bias_init);
  }
  Value operator()(const Scope& scope, Value x) const;
};

/// max(x, 0).
struct Relu {
  static constexpr const char* kKind = "relu";
  Value operator()(const Scope&, Value x) const { return relu(x); }
};
/// 1 / (1 + exp(-x)).
struct Sigmoid {
  static constexpr const char* kKind = "sigmoid";
  Value operator()(const Scope&, Value x) const { return sigmoid(x); }
};
/// The hyperbolic tangent.
struct Tanh {
  static constexpr const char* kKind = "tanh";
  Value operator()(const Scope&, Value x) const { return tanh(x); }
};
/// x times the normal distribution's cumulative function, or its approximation by tanh.
struct Gelu {
  static constexpr const char* kKind = "gelu";
  GeluForm form = GeluForm::erf;
  void visit(auto&& f) { f("form", form); }
  Value operator()(const Scope&, Value x) const { return gelu(x, form); }
};
/// x sigmoid(x).
struct Silu {
  static constexpr const char* kKind = "silu";
  Value operator()(const Scope&, Value x) const { return silu(x); }
};
/// x above 0, else slope x.
struct LeakyRelu {
  static constexpr const char* kKind = "leaky_relu";
  float slope = .01f;
  void visit(auto&& f) { f("slope", slope); }
  Value operator()(const Scope&, Value x) const { return leaky_relu(x, slope); }
};
/// With a slope "weight" for all, or for each channel of x[B, C, ..].
struct Prelu {
  static constexpr const char* kKind = "prelu";
  bool per_channel = false;
  double slope = .25;  // at the start
  void visit(auto&& f) { f("per_channel", per_channel), f("slope", slope); }
  Value operator()(const Scope& scope, Value x) const;
};
/// x above 0, else alpha (exp(x) - 1).
struct Elu {
  static constexpr const char* kKind = "elu";
  float alpha = 1;
  void visit(auto&& f) { f("alpha", alpha); }
  Value operator()(const Scope&, Value x) const { return elu(x, alpha); }
};
/// log(1 + exp(beta x)) / beta.
struct Softplus {
  static constexpr const char* kKind = "softplus";
  float beta = 1;
  void visit(auto&& f) { f("beta", beta); }
  Value operator()(const Scope&, Value x) const { return softplus(x, beta); }
};
/// One half of the features, gated by the other: y[.., C / 2].
struct SwiGlu {
  static constexpr const char* kKind = "swiglu";
  Value operator()(const Scope&, Value x) const { return swiglu(x); }
};
/// The first half of the features times the sigmoid of the second.
struct Glu {
  static constexpr const char* kKind = "glu";
  Value operator()(const Scope&, Value x) const { return glu(x); }
};
/// softmax over the last axis.
struct Softmax {
  static constexpr const char* kKind = "softmax";
  Value operator()(const Scope&, Value x) const { return softmax(x); }
};
/// Makes a layer of any function of a value: nn::function("selu", [](Value x) { return selu(x); }).
Layer function(std::string kind, std::function<Value(Value)> apply);
/// Reshapes each example, for instance to {1, 28, 28} for planes of one channel.
struct Reshape {
  static constexpr const char* kKind = "reshape";
  Shape shape;
  void visit(auto&& f) { f("shape", shape); }
  Value operator()(const Scope&, Value x) const;
};
/// Joins all axes but the first.
struct Flatten {
  static constexpr const char* kKind = "flatten";
  Value operator()(const Scope&, Value x) const { return flatten(x); }
};
/// Zeroes elements with probability `rate` while training, and scales the others by 1 / (1 - rate).
struct Dropout {
  static constexpr const char* kKind = "dropout";
  float rate = .5f;
  void visit(auto&& f) { f("rate", rate); }
  Value operator()(const Scope& scope, Value x) const;
};
/// Dropout of whole channels of x[B, C, ..].
struct SpatialDropout {
  static constexpr const char* kKind = "spatial_dropout";
  float rate = .5f;
  void visit(auto&& f) { f("rate", rate); }
  Value operator()(const Scope& scope, Value x) const;
};
/// Adds normal noise during training.
struct GaussianNoise {
  static constexpr const char* kKind = "gaussian_noise";
  float deviation = .1f;
  void visit(auto&& f) { f("deviation", deviation); }
  Value operator()(const Scope& scope, Value x) const;
};

// Planes: x[B, C, H, W]
// -------------------------------------------------------------------------------------------------

/// {along H, along W}; a single number means both.
struct Pair {
  constexpr Pair(int64_t both) : height(both), width(both) {}
  constexpr Pair(int64_t h, int64_t w) : height(h), width(w) {}
  constexpr operator std::array<int64_t, 2>() const { return {height, width}; }
  int64_t height, width;
};

/// conv2d with weight[out, C / groups, kernel] "weight" and bias[out] "bias".
struct Conv2d {
  static constexpr const char* kKind = "conv2d";
  int64_t out = 0;
  Pair kernel = 3, stride = 1, padding = 0, dilation = 1;
  int64_t groups = 1;
  bool bias = true;
  Init weight_init = Init::linear_default();
  Init bias_init = Init::linear_default();
  void visit(auto&& f) {
    f("out", out), f("kernel", kernel), f("stride", stride), f("padding", padding), f("dilation", dilation),
        f("groups", groups), f("bias", bias), f("weight_init", weight_init), f("bias_init", bias_init);
  }
  Value operator()(const Scope& scope, Value x) const;
};
/// conv1d of x[B, C, L] with weight[out, C / groups, kernel] "weight" and bias[out] "bias".
struct Conv1d {
  static constexpr const char* kKind = "conv1d";
  int64_t out = 0, kernel = 3, stride = 1, padding = 0, dilation = 1, groups = 1;
  bool bias = true;
  Init weight_init = Init::linear_default();
  Init bias_init = Init::linear_default();
  void visit(auto&& f) {
    f("out", out), f("kernel", kernel), f("stride", stride), f("padding", padding), f("dilation", dilation),
        f("groups", groups), f("bias", bias), f("weight_init", weight_init), f("bias_init", bias_init);
  }
  Value operator()(const Scope& scope, Value x) const;
};
/// conv_transpose2d with weight[C, out / groups, kernel] "weight" and bias[out] "bias".
struct ConvTranspose2d {
  static constexpr const char* kKind = "conv_transpose2d";
  int64_t out = 0;
  Pair kernel = 2, stride = 1, padding = 0, output_padding = 0, dilation = 1;
  int64_t groups = 1;
  bool bias = true;
  Init weight_init = Init::linear_default();
  Init bias_init = Init::linear_default();
  void visit(auto&& f) {
    f("out", out), f("kernel", kernel), f("stride", stride), f("padding", padding), f("output_padding", output_padding),
        f("dilation", dilation), f("groups", groups), f("bias", bias), f("weight_init", weight_init),
        f("bias_init", bias_init);
  }
  Value operator()(const Scope& scope, Value x) const;
};
/// Stride 0: the size of the kernel.
struct MaxPool2d {
  static constexpr const char* kKind = "max_pool2d";
  Pair kernel = 2, stride = 0, padding = 0, dilation = 1;
  bool ceil = false;
  void visit(auto&& f) {
    f("kernel", kernel), f("stride", stride), f("padding", padding), f("dilation", dilation), f("ceil", ceil);
  }
  Value operator()(const Scope&, Value x) const {
    return max_pool2d(x, {.kernel = kernel, .stride = stride, .padding = padding, .dilation = dilation, .ceil = ceil});
  }
};
/// Stride 0: the size of the kernel. count_include_pad: padding counts as zeros in the mean.
struct AvgPool2d {
  static constexpr const char* kKind = "avg_pool2d";
  Pair kernel = 2, stride = 0, padding = 0;
  bool ceil = false, count_include_pad = true;
  void visit(auto&& f) {
    f("kernel", kernel), f("stride", stride), f("padding", padding), f("ceil", ceil),
        f("count_include_pad", count_include_pad);
  }
  Value operator()(const Scope&, Value x) const {
    return avg_pool2d(
        x,
        {.kernel = kernel, .stride = stride, .padding = padding, .ceil = ceil, .count_include_pad = count_include_pad});
  }
};
/// Averages to planes of this size.
struct AdaptiveAvgPool2d {
  static constexpr const char* kKind = "adaptive_avg_pool2d";
  Pair size = 1;
  void visit(auto&& f) { f("size", size); }
  Value operator()(const Scope&, Value x) const { return adaptive_avg_pool2d(x, size); }
};
/// The mean of each plane: y[B, C].
struct GlobalAvgPool2d {
  static constexpr const char* kKind = "global_avg_pool2d";
  Value operator()(const Scope&, Value x) const { return global_avg_pool2d(x); }
};
/// Resizes to `size` or, if that is 0, to `factor` times the extents.
struct Upsample {
  static constexpr const char* kKind = "upsample";
  Pair factor = 2, size = 0;
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;
  void visit(auto&& f) { f("factor", factor), f("size", size), f("mode", mode), f("align_corners", align_corners); }
  Value operator()(const Scope& scope, Value x) const;
};

// Normalisation: gamma "weight" starts at 1, beta "bias" at 0
// ------------------------------------------------------------

/// batch_norm of x[B, C, ..]. Training uses the statistics of the batch and moves the state "running_mean" and
/// "running_var" by `momentum`; evaluation uses that state. The padding of a last batch does not count
/// (Scope::counted). (Keras: momentum .99 is the share that is kept, eps 1e-3.)
struct BatchNorm {
  static constexpr const char* kKind = "batch_norm";
  float eps = 1e-5f, momentum = .1f;
  bool affine = true;
  void visit(auto&& f) { f("eps", eps), f("momentum", momentum), f("affine", affine); }
  Value operator()(const Scope& scope, Value x) const;
};
/// layer_norm over the last `axes` axes.
struct LayerNorm {
  static constexpr const char* kKind = "layer_norm";
  int64_t axes = 1;
  float eps = 1e-5f;
  bool affine = true, bias = true;
  void visit(auto&& f) { f("axes", axes), f("eps", eps), f("affine", affine), f("bias", bias); }
  Value operator()(const Scope& scope, Value x) const;
};
/// rms_norm over the last `axes` axes.
struct RmsNorm {
  static constexpr const char* kKind = "rms_norm";
  int64_t axes = 1;
  float eps = 1e-6f;
  bool affine = true;
  void visit(auto&& f) { f("axes", axes), f("eps", eps), f("affine", affine); }
  Value operator()(const Scope& scope, Value x) const;
};
/// group_norm of x[B, C, ..]; instance normalisation has as many groups as channels.
struct GroupNorm {
  static constexpr const char* kKind = "group_norm";
  int64_t groups = 1;
  float eps = 1e-5f;
  bool affine = true;
  void visit(auto&& f) { f("groups", groups), f("eps", eps), f("affine", affine); }
  Value operator()(const Scope& scope, Value x) const;
};

// Sequences: x[B, T, C]
// --------------------------------------------------------------------------------------------------

/// Rows of weight[vocabulary, features] "weight" by indices x[..] (i32, or whole numbers in another type): y[..,
/// features].
struct Embedding {
  static constexpr const char* kKind = "embedding";
  int64_t vocabulary = 0, features = 0;
  Init weight_init = Init::normal(1);
  void visit(auto&& f) { f("vocabulary", vocabulary), f("features", features), f("weight_init", weight_init); }
  Value operator()(const Scope& scope, Value x) const;
};
/// x + weight[T, C] "weight": a learned vector for each position.
struct LearnedPositions {
  static constexpr const char* kKind = "learned_positions";
  Init weight_init = Init::normal(.02);
  void visit(auto&& f) { f("weight_init", weight_init); }
  Value operator()(const Scope& scope, Value x) const;
};
/// x plus a fixed vector of sines and cosines for each position.
struct SinusoidalPositions {
  static constexpr const char* kKind = "sinusoidal_positions";
  Value operator()(const Scope& scope, Value x) const;
};
/// Attention of x to itself, or to `memory`, with `heads` heads: linear layers "q_proj", "k_proj", "v_proj" and
/// "out_proj" of [C, C].
struct MultiHeadAttention {
  static constexpr const char* kKind = "multi_head_attention";
  int64_t heads = 1;
  bool causal = false;
  bool rotary = false;  // rotary positions on queries and keys
  bool bias = true;
  void visit(auto&& f) { f("heads", heads), f("causal", causal), f("rotary", rotary), f("bias", bias); }
  Value operator()(const Scope& scope, Value x) const;
  Value operator()(const Scope& scope, Value x, Value memory) const;
};
/// A stack of `layers` LSTMs, with weights "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", ..: y[B, T,
/// units], or, without `sequences`, the last step's [B, units].
struct Lstm {
  static constexpr const char* kKind = "lstm";
  int64_t units = 0, layers = 1;
  bool bias = true, sequences = true;
  void visit(auto&& f) { f("units", units), f("layers", layers), f("bias", bias), f("sequences", sequences); }
  Value operator()(const Scope& scope, Value x) const;
};
/// The same with gated recurrent units.
struct Gru {
  static constexpr const char* kKind = "gru";
  int64_t units = 0, layers = 1;
  bool bias = true, sequences = true;
  void visit(auto&& f) { f("units", units), f("layers", layers), f("bias", bias), f("sequences", sequences); }
  Value operator()(const Scope& scope, Value x) const;
};
/// The same with plain units, tanh or max(0, ..).
struct Rnn {
  static constexpr const char* kKind = "rnn";
  int64_t units = 0, layers = 1;
  bool rectified = false;  // max(0, ..) instead of tanh
  bool bias = true, sequences = true;
  void visit(auto&& f) {
    f("units", units), f("layers", layers), f("rectified", rectified), f("bias", bias), f("sequences", sequences);
  }
  Value operator()(const Scope& scope, Value x) const;
};

/// Every struct of this header and of augment.h, by its kind.
std::span<const Maker<Layer>> layer_makers();
/// Throws `not_found` with the kinds that exist.
Layer layer_from_name(const std::string& kind, const Attrs& options = {});

/// A model is a layer. sequential() creates one from a list, and any function of a scope and a value is one too.
using Model = Layer;

/// Applies the layers one after the other; their parameters are named by position: "0.weight", "2.bias".
Model sequential(std::vector<Layer> layers);
/// y = x + body(x), or shortcut(x) + body(x); names begin with "body" and "shortcut".
Model residual(Model body);
Model residual(Model body, Model shortcut);

}  // namespace lemnos::nn

namespace lemnos {
using nn::Model;
}

LEMNOS_END_PUBLIC
