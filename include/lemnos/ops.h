// The ops, as functions over values. Each function adds nodes to the graph of its operands and infers shapes
// immediately. A mistake throws lemnos::Error with a message that begins with the op's name and gives both shapes.
//
// Conventions: tensors are dense and row-major; an axis may be counted from the end (-1); elementwise ops of two
// operands broadcast as NumPy does. Defaults follow PyTorch; where Keras differs the comment says so.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

// Elementwise functions of one operand: x any shape, f32, f16 or bf16
// ---------------------------------------------------
enum class GeluForm { erf, tanh };
std::span<const char* const> words_of(GeluForm);  ///< the words for its values; so for the enumerations below

Value identity(Value x);
Value relu(Value x);                                 ///< max(x, 0)
Value leaky_relu(Value x, float slope = .01f);       ///< x > 0 ? x : slope x (Keras: .3)
Value elu(Value x, float alpha = 1);                 ///< x > 0 ? x : alpha (exp(x) - 1)
Value selu(Value x);                                 ///< 1.0507 (x > 0 ? x : 1.6733 (exp(x) - 1))
Value celu(Value x, float alpha = 1);                ///< x > 0 ? x : alpha (exp(x / alpha) - 1)
Value gelu(Value x, GeluForm form = GeluForm::erf);  ///< x Phi(x), or its tanh approximation
Value silu(Value x);                                 ///< x sigmoid(x), also called swish
Value mish(Value x);                                 ///< x tanh(softplus(x))
Value sigmoid(Value x);                              ///< 1 / (1 + exp(-x))
Value hard_sigmoid(Value x);                         ///< clamp(x / 6 + 1/2, 0, 1)
Value hard_swish(Value x);                           ///< x hard_sigmoid(x)
Value tanh(Value x);
Value softplus(Value x, float beta = 1);  ///< log(1 + exp(beta x)) / beta
Value softsign(Value x);                  ///< x / (1 + |x|)
Value negate(Value x);
Value abs(Value x);
Value square(Value x);
Value sqrt(Value x);
Value rsqrt(Value x);  ///< 1 / sqrt(x)
Value exp(Value x);
Value log(Value x);
Value log1p(Value x);  ///< log(1 + x), accurate near 0
Value expm1(Value x);  ///< exp(x) - 1, accurate near 0
Value exp2(Value x);
Value log2(Value x);
Value log10(Value x);
Value sin(Value x);  ///< x in radians; this and the following within 4 units in the last place of f32 (erfc 8) for
                     ///< every finite x, their gradients within 16
Value cos(Value x);
Value tan(Value x);
Value asin(Value x);  ///< NaN outside [-1, 1]
Value acos(Value x);
Value atan(Value x);
Value sinh(Value x);
Value cosh(Value x);
Value asinh(Value x);
Value acosh(Value x);  ///< NaN below 1
Value atanh(Value x);
Value erf(Value x);     ///< 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x
Value erfc(Value x);    ///< 1 - erf(x), accurate where it is small
Value erfinv(Value x);  ///< the y with erf(y) = x: infinite at -1 and 1, NaN outside
Value sign(Value x);    ///< -1, 0 or 1; this and the following have no gradient
Value floor(Value x);
Value ceil(Value x);
Value round(Value x);  ///< to the nearest whole number, halves to the even one
Value trunc(Value x);  ///< towards 0
Value reciprocal(Value x);
Value clamp(Value x, float low, float high);      ///< gradient 1 inside [low, high], else 0
Value affine(Value x, float scale, float shift);  ///< scale x + shift
/// x itself; gradients stop here.
Value stop_gradient(Value x);

// Elementwise functions of two operands, broadcasting; both of one dtype, or one of them a boolean, which is then 0 or
// 1 in the other's. Integers (i32, u32, u8) wrap around: results are modulo 2^32, or 2^8. Of booleans add is "or" and
// multiply is "and"; subtract, divide and the like refuse them
// ------------------------------------------------
Value add(Value a, Value b);
Value subtract(Value a, Value b);
Value multiply(Value a, Value b);
Value divide(Value a, Value b);   ///< of integers towards zero, and a / 0 = 0
Value minimum(Value a, Value b);  ///< gradient to the smaller; to a where they are equal
Value maximum(Value a, Value b);  ///< gradient to the larger; to a where they are equal
Value pow(Value a, Value b);      ///< a^b; a must be positive unless b is a constant integer
Value equal(Value a, Value b);    ///< a boolean, as the other comparisons; no gradient
Value not_equal(Value a, Value b);
Value less(Value a, Value b);
Value less_equal(Value a, Value b);
Value greater(Value a, Value b);
Value greater_equal(Value a, Value b);
/// The same with a number in the place of b, rounded to a's dtype.
Value minimum(Value a, float b);
Value maximum(Value a, float b);
Value pow(Value a, float b);
Value equal(Value a, float b);
Value not_equal(Value a, float b);
Value less(Value a, float b);
Value less_equal(Value a, float b);
Value greater(Value a, float b);
Value greater_equal(Value a, float b);
Value fmod(Value a, Value b);       ///< a - b trunc(a / b), exactly: the sign is that of a; of integers a mod 0 = 0
Value remainder(Value a, Value b);  ///< a - b floor(a / b), as Python's %: the sign is that of b
Value atan2(Value y, Value x);      ///< the angle of the point (x, y), in (-pi, pi]

/// x > 0 ? x : slope x with a trained slope in the dtype of x: one number, or one for each channel of x[N, C, ..].
Value prelu(Value x, Value slope);
/// Gated units of the two halves a, b of x along `axis`: a sigmoid(b), silu(a) b, gelu(a) b.
Value glu(Value x, int64_t axis = -1);
Value swiglu(Value x, int64_t axis = -1);
Value geglu(Value x, int64_t axis = -1);

inline Value operator+(Value a, Value b) { return add(a, b); }
inline Value operator-(Value a, Value b) { return subtract(a, b); }
inline Value operator*(Value a, Value b) { return multiply(a, b); }
inline Value operator/(Value a, Value b) { return divide(a, b); }
inline Value operator-(Value x) { return negate(x); }
inline Value operator*(float scale, Value x) { return affine(x, scale, 0); }
inline Value operator*(Value x, float scale) { return affine(x, scale, 0); }
inline Value operator/(Value x, float divisor) { return affine(x, 1 / divisor, 0); }
inline Value operator+(Value x, float shift) { return affine(x, 1, shift); }
inline Value operator-(Value x, float shift) { return affine(x, 1, -shift); }
inline Value operator+(float shift, Value x) { return affine(x, 1, shift); }
inline Value operator-(float from, Value x) { return affine(x, -1, from); }
inline Value operator/(float dividend, Value x) { return affine(reciprocal(x), dividend, 0); }

// Shape: no data moves
// ---------------------------------------------------------------------------------------------------
/// The same elements with another shape; one extent may be -1 and is then inferred.
Value reshape(Value x, std::span<const int64_t> shape);
Value reshape(Value x, const Shape& shape);
Value flatten(Value x, int64_t from_axis = 1);  ///< joins the axes from `from_axis` to the last

// Shape: data moves
// ------------------------------------------------------------------------------------------------------
/// x broadcast as NumPy does; gradient: the sum over the broadcast axes.
Value broadcast_to(Value x, const Shape& shape);
Value permute(Value x, std::vector<int64_t> axes);  ///< axis k of the result is axis axes[k] of x
Value transpose(Value x);                           ///< the last two axes exchanged
/// The elements [begin[k], end[k]) along every axis k. No negative indices, no steps.
Value slice(Value x, std::vector<int64_t> begin, std::vector<int64_t> end);
/// The same along one axis; a negative index counts from its end.
Value slice_axis(Value x, int64_t axis, int64_t begin, int64_t end);
/// Parts of the given sizes along `axis`; the sizes must add up to its extent.
std::vector<Value> split(Value x, std::vector<int64_t> sizes, int64_t axis = 0);
/// x with before[k] and after[k] elements of `value` around it along every axis k.
Value pad(Value x, std::vector<int64_t> before, std::vector<int64_t> after, float value = 0);
Value concat(std::span<const Value> parts, int64_t axis = 0);  ///< joins along an existing axis
Value stack(std::span<const Value> parts, int64_t axis = 0);   ///< joins along a new axis
/// x in another element type. To an integer: rounded towards zero, saturating, NaN gives 0. To boolean: x != 0.
Value cast(Value x, DType dtype);
/// condition != 0 ? a : b, broadcasting; the condition of any dtype, a and b of one.
Value where(Value condition, Value a, Value b);

// Values without operands
Value full(Graph& graph, const Shape& shape, float value, DType dtype = DType::f32);
Value zeros(Graph& graph, const Shape& shape, DType dtype = DType::f32);
Value ones(Graph& graph, const Shape& shape, DType dtype = DType::f32);
/// `count` numbers from first to last, both included.
Value linspace(Graph& graph, float first, float last, int64_t count, DType dtype = DType::f32);
/// first, first + step, ... before end.
Value range(Graph& graph, int64_t first, int64_t end, int64_t step = 1, DType dtype = DType::i32);
/// Uniform in [low, high], from Philox 4x32-10 keyed by (seed, the node's stream, step of `state`): different numbers
/// in each step, the same bits on every backend. The key of a stream is its name; nodes of one name in one graph are
/// distinguished by their order. `state` is the StepState variable; desc: f32, f16 or bf16.
Value random_uniform(Value state, TensorDesc desc, float low = 0, float high = 1, uint32_t seed = 0,
                     std::string_view stream = {});
/// Normal, by the inverse of the cumulative distribution; within 5.3 deviations of the mean.
Value random_normal(Value state, TensorDesc desc, float mean = 0, float deviation = 1, uint32_t seed = 0,
                    std::string_view stream = {});

// Reductions over `axes` (all when empty), in a fixed order; `keep` leaves extents of 1
// ----------------------------------
Value sum(Value x, std::vector<int64_t> axes = {}, bool keep = false);
Value mean(Value x, std::vector<int64_t> axes = {}, bool keep = false);
Value reduce_max(Value x, std::vector<int64_t> axes = {}, bool keep = false);  ///< gradient shared between equal maxima
Value reduce_min(Value x, std::vector<int64_t> axes = {}, bool keep = false);
Value norm(Value x, std::vector<int64_t> axes = {}, bool keep = false);  ///< sqrt(sum(x^2)); gradient 0 where it is 0
/// The index of the largest element along `axis`, as i32; among equals the first; NaN counts as the largest. No
/// gradient.
Value argmax(Value x, int64_t axis = -1, bool keep = false);
Value argmin(Value x, int64_t axis = -1, bool keep = false);
/// mean((x - mean(x))^2), in two passes; `unbiased` divides by n - 1, as PyTorch does (Keras and NumPy do not).
Value variance(Value x, std::vector<int64_t> axes = {}, bool unbiased = true, bool keep = false);

// Products
// ---------------------------------------------------------------------------------------------------------------
struct MatmulOptions {
  bool transpose_a = false;  // A is stored [.., K, M]
  bool transpose_b = false;  // B is stored [.., N, K]
};
/// C[.., M, N] = A[.., M, K] B[.., K, N]; leading axes are batches, and broadcast.
Value matmul(Value a, Value b, MatmulOptions options = {});
/// y = x weight^T + bias with x[.., K], weight[N, K], bias[N] (or empty): PyTorch's Linear.
Value linear(Value x, Value weight, Value bias = {});
/// Sums of products by names of axes: einsum("bij, bjk -> bik", a, b). Letters name axes; "..." stands for unnamed
/// axes, which broadcast from the last. A letter that occurs twice in an operand takes its diagonal. Without an arrow
/// the result has "...", then the letters that occur once, in alphabetical order. Operands are contracted two at a time
/// from left to right, by a matrix product or elementwise. Throws `invalid_argument` for an equation that does not
/// parse, `shape_mismatch` for a wrong number of axes, and if a name has two different extents, neither of them 1.
Value einsum(std::string_view equation, std::span<const Value> operands);
template <typename... Values>
requires(std::is_same_v<Values, Value>&&...) Value einsum(std::string_view equation, Value first, Values... others) {
  return einsum(equation, std::array{first, others...});
}
struct CovarianceOptions {
  int64_t correction = 1;  // subtracted from the divisor
  Value counts = {};       // [N], of any dtype: number of times that each observation occurred
  Value weights = {};      // [N]: weight of each; the correction becomes correction sum(w weights) / sum(w)
};
/// sum over n of w (x - mean)(x - mean)^T / (sum(w) - correction) for variables in rows, x f32[V, N]: [V, V]; for x
/// f32[N] the variance. w is the product of counts and weights; the mean uses the same weights. Infinite or NaN if the
/// divisor is not positive; without weights that throws `invalid_argument`.
Value covariance(Value x, CovarianceOptions options = {});
/// covariance(x) divided by the standard deviations of both variables, within [-1, 1]; NaN for a constant variable.
Value correlation(Value x);

// Softmax and losses
// -----------------------------------------------------------------------------------------------------
Value softmax(Value x, int64_t axis = -1);      ///< exp(x - max) / sum(exp(x - max)) along `axis`
Value log_softmax(Value x, int64_t axis = -1);  ///< x - max - log(sum(exp(x - max)))

enum class Reduction { mean, sum, none };
std::span<const char* const> words_of(Reduction);
struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  float label_smoothing = 0;  // target (1 - s) + s / C
  Value class_weights =
      {};                // f32[C]: weights of the terms; `mean` of class indices divides by the sum of their weights
  bool gradient = true;  // false, for evaluation: does not compute what backward needs
};
/// Cross-entropy of softmax(logits[.., C]) against `targets`: class indices i32[..], where a negative index is ignored
/// (and not counted by `mean`), or probabilities [.., C]. All in f32. If no row counts the mean is 0 (PyTorch: NaN). An
/// index past the last class makes the loss NaN.
Value softmax_cross_entropy(Value logits, Value targets, CrossEntropyOptions options = {});
/// The same for log probabilities: PyTorch's nll_loss.
Value nll_loss(Value log_probabilities, Value targets, CrossEntropyOptions options = {});

// Losses over elements: prediction p and target t of one shape, f32. `mean` divides by the number of elements; only the
// prediction has a gradient, unless the comment says otherwise.
Value mse_loss(Value p, Value t, Reduction reduction = Reduction::mean);  ///< (p - t)^2; gradient for t too
Value l1_loss(Value p, Value t, Reduction reduction = Reduction::mean);   ///< |p - t|; gradient for t too
/// |p - t| <= delta ? (p - t)^2 / 2 : delta (|p - t| - delta / 2); gradient for t too
Value huber_loss(Value p, Value t, float delta = 1, Reduction reduction = Reduction::mean);
/// huber_loss(delta = beta) / beta; gradient for t too
Value smooth_l1_loss(Value p, Value t, float beta = 1, Reduction reduction = Reduction::mean);
Value log_cosh_loss(Value p, Value t, Reduction reduction = Reduction::mean);  ///< log(cosh(p - t)); gradient for t too
/// -(t log(p) + (1 - t) log(1 - p)) with p in [0, 1]; each logarithm is at least -100, as in PyTorch (Keras: p is
/// clipped to [1e-7, 1 - 1e-7])
Value binary_cross_entropy(Value p, Value t, Reduction reduction = Reduction::mean);
/// The same for sigmoid(p), without overflow; positive targets have the weight `positive_weight`.
Value binary_cross_entropy_with_logits(Value p, Value t, float positive_weight = 1,
                                       Reduction reduction = Reduction::mean);
/// t (log(t) - p) with p the logarithm of a probability; 0 where t is 0. `mean` divides by elements, PyTorch's
/// "batchmean" by rows. Keras gives probabilities: kl_divergence(log(p), t).
Value kl_divergence(Value p, Value t, Reduction reduction = Reduction::mean);
Value hinge_loss(Value p, Value t, Reduction reduction = Reduction::mean);          ///< max(0, 1 - t p), t -1 or 1
Value squared_hinge_loss(Value p, Value t, Reduction reduction = Reduction::mean);  ///< max(0, 1 - t p)^2
/// log_input: exp(p) - t p; else p - t log(p + 1e-8) (Keras: the latter, with 1e-7)
Value poisson_loss(Value p, Value t, bool log_input = true, Reduction reduction = Reduction::mean);
/// Binary focal loss of sigmoid(p): a_t (1 - p_t)^gamma (-log p_t), where p_t is the probability of the target (0 or 1)
/// and a_t is alpha for 1, 1 - alpha for 0.
Value focal_loss(Value p, Value t, float gamma = 2, float alpha = .25f, Reduction reduction = Reduction::mean);

// Losses over rows [.., D], with one number for each row before the reduction; gradients for every operand except
// targets.
/// a.b / max(|a| |b|, eps). (Keras's loss is the negative of it.)
Value cosine_similarity(Value a, Value b, float eps = 1e-8f);
/// 1 - cosine_similarity where target f32[..] is 1, max(0, cosine_similarity - margin) where it is -1.
Value cosine_embedding_loss(Value a, Value b, Value target, float margin = 0, Reduction reduction = Reduction::mean);
/// max(0, |anchor - positive| - |anchor - negative| + margin), with 1e-6 added to each difference as PyTorch does.
/// `swap`: uses |positive - negative| instead of |anchor - negative| if it is smaller.
Value triplet_margin_loss(Value anchor, Value positive, Value negative, float margin = 1,
                          Reduction reduction = Reduction::mean, bool swap = false);
/// sum over the targets j of a row and its other classes i of max(0, 1 - scores[j] + scores[i]), by C: scores f32[..,
/// C], targets i32[.., C]: the row's classes up to the first negative one. An index past the last class makes the loss
/// NaN. Needs memory for C^2 numbers for each row.
Value multilabel_margin_loss(Value scores, Value targets, Reduction reduction = Reduction::mean);
/// max(0, 1 + max((1 - t) p) - sum(t p)) with t one-hot, as in Keras.
Value categorical_hinge(Value p, Value t, Reduction reduction = Reduction::mean);

struct CtcOptions {
  int64_t blank = 0;                      // the class that means "no symbol"
  Reduction reduction = Reduction::mean;  // mean: over the rows, of each loss by its number of targets (at least 1)
  bool zero_infinity = false;             // targets that are longer than the input give a loss of 0 instead of infinity
};
/// Connectionist temporal classification: -log of the total probability of all alignments of `targets` i32[N, S] with
/// the T steps of `scores` f32[T, N, C], with blanks between classes and classes repeated. Scores are logits or log
/// probabilities (log_softmax does not change the latter). Lengths i32[N] (empty: T, and S) give the used part of a
/// row; a length below 1 (targets: 0) or past its axis makes the loss NaN, a target that is not a class has the
/// probability 0. Infinite losses have no gradient. Throws `shape_mismatch` for targets in one axis. (Graves et al.
/// 2006.)
Value ctc_loss(Value scores, Value targets, Value input_lengths = {}, Value target_lengths = {},
               CtcOptions options = {});

// Metrics of a regression, as scalars over all elements of p and t. The mean absolute error is l1_loss.
Value root_mean_square_error(Value p, Value t);  ///< sqrt(mean((p - t)^2))
Value r2_score(Value p, Value t);                ///< 1 - sum((t - p)^2) / sum((t - mean(t))^2)
/// f32[2] = {correct rows of logits[.., C], counted rows}. A row is correct if its target i32[..] is among its `top`
/// largest logits, among equal ones the first. Negative targets do not count.
Value accuracy_count(Value logits, Value targets, int64_t top = 1);
/// counts[target, prediction] += 1 for each pair of class indices i32[..], in place at the end of a step: the confusion
/// matrix, u32[C, C], as a variable that the host reads and clears once an epoch. Negative targets and indices past the
/// last class do not count. Returns the new counts.
Value confusion_count(Value counts, Value predictions, Value targets);
/// counts[target, bin] += 1 with bin = floor(score bins), scores f32 in [0, 1], targets i32 0 or 1: the two histograms,
/// u32[2, bins], from which the host makes a ROC curve. Returns the new counts.
Value score_count(Value counts, Value scores, Value targets);
/// report[row] counts the indices i32[..] that are `limit` or more, in place at the end of a step: {count, position of
/// the first, its value}, in a variable u32[rows, 3] that starts with zeros. A negative index means "none" and is not
/// counted. metrics::IndexWatch adds this op for all indices of a program. Returns the new report.
Value index_errors(Value report, Value indices, int64_t limit, int64_t row = 0);
/// At the end of the step the variable becomes `value`, which has its desc. Follows earlier updates of the variable.
/// Returns the new value, which must be a target, or be needed by one. (Carried state, moving averages, counters.)
Value assign(Value variable, Value value);

// Regularisation
// ---------------------------------------------------------------------------------------------------------
/// Zero with probability `rate`, else x / (1 - rate); with a mask from Philox 4x32-10 keyed by (seed, the node's
/// stream, step of `state`), which backward computes again, and which is equal on every backend. `state` is the
/// StepState variable.
Value dropout(Value x, Value state, float rate, uint32_t seed = 0, std::string_view stream = {});
/// Dropout of whole channels of x[N, C, ..] (PyTorch's Dropout2d).
Value spatial_dropout(Value x, Value state, float rate, uint32_t seed = 0, std::string_view stream = {});
/// x plus normal noise of mean 0, different in each step. A layer omits it in evaluation.
Value gaussian_noise(Value x, Value state, float deviation, uint32_t seed = 0, std::string_view stream = {});
/// Penalties to add to a loss: scale sum |x|, scale sum x^2 (Keras's l2; PyTorch's weight_decay is its gradient with
/// scale / 2), and both.
inline Value l1_penalty(Value x, float scale) { return scale * sum(abs(x)); }
inline Value l2_penalty(Value x, float scale) { return scale * sum(square(x)); }
inline Value elastic_penalty(Value x, float l1, float l2) { return l1_penalty(x, l1) + l2_penalty(x, l2); }

// The state of a step: the values that change from step to step, kept on the device
// -----------------------------------------------
/// The variable u32[32] of that name: number of the step, batch cursor, epoch, seed, factors of the learning rate, ...
/// (shaders/common/step_state.h). The first call creates it with `seed`; later calls return it.
Value step_state(Graph& graph, uint64_t seed = 0, std::string_view name = "step_state");
/// The current loss scale, base times the state's factor: the seed gradient of the loss in mixed precision (optim.h,
/// UpdateOptions::loss_scale).
Value loss_scale(Value state, float base);
struct AdvanceOptions {
  int64_t batches_per_epoch = 1;  // after it the cursor returns to 0 and the epoch grows; 0: the state's STATE_BATCHES
  int64_t batch = 0;              // samples of a batch, for the count of samples seen
  double beta1 = 0, beta2 = 0;    // for the bias corrections of Adam and its relatives (see optim.h)
  double momentum_decay = 0;      // NAdam's; 0: none
  float base_lr = 0;              // recorded as base_lr times the state's factors
};
/// Closes a step, as its last node: step + 1, cursor, epoch, corrections. Returns the new state.
Value advance_step(Value state, AdvanceOptions options);
/// The same, and writes {loss, correct, count, lr} of the step that ends, and `more` f32[n] if it is given, into row
/// (step % capacity) of the variable `ring` f32[capacity, 4 + n]; `counts` is an accuracy_count.
Value finish_step(Value state, Value ring, Value loss, Value counts, AdvanceOptions options, Value more = {});

// Data on the device
// -----------------------------------------------------------------------------------------------------
struct BatchOptions {
  int64_t samples = 0;  // in the data set; 0: the state's word STATE_ROWS
  int64_t batch = 0;    // rows of one batch
  bool shuffle = true;  // a permutation of the epoch, computed in place (Feistel network, cycle walking)
  uint32_t seed = 0;
  /// If the device holds a ring of this many batches, which the host fills in the order of the epochs: the result is
  /// the row in the ring, and the host shuffles. 0: the device holds the data set.
  int64_t window = 0;
};
/// The rows of the data set in the current batch, i32[batch]. Cursor and epoch come from `state`. Entries past the end
/// of the data set are -1.
Value batch_indices(Value state, BatchOptions options);
/// The same; also `padded`, which repeats the first row of the batch past the end instead of -1, so that padding
/// consists of valid rows; and the number of rows that count, u32[1]: the first of the batch.
struct BatchRows {
  Value rows, padded, count;
};
BatchRows batch_rows(Value state, BatchOptions options);
/// y[i, ..] = scale * x[indices[i], ..] + shift, in the dtype of x (from u8: f32). If an index is negative or past the
/// rows of x, the row is `fill`. x: f32, f16, bf16, u8, or i32 (which takes no scale and no shift); indices: i32 of any
/// shape.
struct GatherOptions {
  float scale = 1;
  float shift = 0;
  float fill = 0;
};
Value gather(Value x, Value indices, GatherOptions options = {});
/// y[r, ..] = the sum of x[i, ..] over all i with indices[i] = r, for `rows` rows, in the order of i on every device;
/// other indices are ignored. x[I.., ..] floating, indices i32[I..]. The gradient of gather.
Value scatter_add(Value x, Value indices, int64_t rows);
/// The maximum, minimum and product instead of the sum; a row without elements is -inf, inf and 1. Maximum and minimum
/// take f32; equal elements share the gradient. Second derivatives of a product are correct if at most one element of a
/// row is 0.
Value scatter_max(Value x, Value indices, int64_t rows);
Value scatter_min(Value x, Value indices, int64_t rows);
Value scatter_multiply(Value x, Value indices, int64_t rows);
/// Rows of weight[V, C] by indices i32[..]: y[.., C]. The gradient adds up in a fixed order.
Value embedding(Value weight, Value indices);
/// x at `indices` i32[n] along `axis`.
Value index_select(Value x, Value indices, int64_t axis);

// Convolution and pooling: planes x[N, C, H, W]; pairs are {along H, along W}
// --------------------------------------------
struct Conv2dOptions {
  std::array<int64_t, 2> stride{1, 1}, padding{0, 0}, dilation{1, 1};
  int64_t groups = 1;  // C for a depthwise convolution
};
/// y[n, o, i, j] = bias[o] + sum over c, kh, kw of weight[o, c, kh, kw] x[n, c, i stride - padding + kh dilation, ..],
/// zero outside of x: weight[O, C / groups, KH, KW], bias[O] or empty. The extents of y are (H + 2 padding - dilation
/// (KH - 1) - 1) / stride + 1, rounded down, as in PyTorch. C / groups and O / groups times KH KW: at most 49,152.
Value conv2d(Value x, Value weight, Value bias = {}, Conv2dOptions options = {});
struct Conv1dOptions {
  int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};
/// The same along one axis: x[N, C, L], weight[O, C / groups, K].
Value conv1d(Value x, Value weight, Value bias = {}, Conv1dOptions options = {});
struct ConvTranspose2dOptions {
  std::array<int64_t, 2> stride{1, 1}, padding{0, 0}, output_padding{0, 0}, dilation{1, 1};
  int64_t groups = 1;
};
/// The gradient of conv2d for its input: x[N, C, H, W], weight[C, O / groups, KH, KW], y[N, O, ..] of extents (H - 1)
/// stride - 2 padding + dilation (KH - 1) + 1 + output_padding.
Value conv_transpose2d(Value x, Value weight, Value bias = {}, ConvTranspose2dOptions options = {});

struct Conv3dOptions {
  std::array<int64_t, 3> stride{1, 1, 1}, padding{0, 0, 0}, dilation{1, 1, 1};
  int64_t groups = 1;
};
/// The same for volumes: x[N, C, D, H, W], weight[O, C / groups, KD, KH, KW]. Composed of conv2d, with the depths under
/// the kernel as channels: needs memory for KD / stride times x; C / groups KD KH KW is at most 49,152.
Value conv3d(Value x, Value weight, Value bias = {}, Conv3dOptions options = {});
struct ConvTranspose3dOptions {
  std::array<int64_t, 3> stride{1, 1, 1}, padding{0, 0, 0}, output_padding{0, 0, 0}, dilation{1, 1, 1};
  int64_t groups = 1;
};
/// The gradient of conv3d for its input, as conv_transpose2d: weight[C, O / groups, KD, KH, KW].
Value conv_transpose3d(Value x, Value weight, Value bias = {}, ConvTranspose3dOptions options = {});

struct Pool2dOptions {
  std::array<int64_t, 2> kernel{2, 2};
  std::array<int64_t, 2> stride{0, 0};  // {0, 0}: the kernel's extents
  std::array<int64_t, 2> padding{0, 0}, dilation{1, 1};
  bool ceil = false;              // include a last window that extends past the padded plane
  bool count_include_pad = true;  // averages: divide by the size of the whole window, padding included
};
/// The maximum of each window of x[.., H, W]; extents as of conv2d. Among equal maxima the first gets the gradient; NaN
/// is the largest. A window has at most 32,768 elements along an axis.
Value max_pool2d(Value x, Pool2dOptions options = {});
/// For each window the element of `values` (of x's shape) at the maximum of x, the first among equals.
Value max_pool2d_pick(Value x, Value values, Pool2dOptions options = {});
/// The index of each maximum in its plane, i W + j in i32: PyTorch's return_indices. A plane has at most 2^24 elements.
Value max_pool2d_indices(Value x, Pool2dOptions options = {});
Value avg_pool2d(Value x, Pool2dOptions options = {});
/// Pools to the extents `size`: result i covers [i H / OH, (i + 1) H / OH), rounded outwards.
Value adaptive_max_pool2d(Value x, std::array<int64_t, 2> size);
Value adaptive_max_pool2d_pick(Value x, Value values, std::array<int64_t, 2> size);
Value adaptive_avg_pool2d(Value x, std::array<int64_t, 2> size);
Value global_avg_pool2d(Value x);  ///< x[.., H, W] -> [..]
Value global_max_pool2d(Value x);
enum class UpsampleMode { nearest, bilinear, nearest_exact, bicubic, area };
std::span<const char* const> words_of(UpsampleMode);
struct UpsampleOptions {
  UpsampleMode mode = UpsampleMode::nearest;
  bool align_corners = false;  // bilinear and bicubic: the corners of both planes coincide
  bool antialias =
      false;  // bilinear and bicubic: widens the filter to the range that a result covers, when downsampling
};
/// Planes x[.., H, W] at the extents `size`. Along an axis result o reads x at (o + 1/2) H / OH - 1/2, between two
/// neighbours (bilinear) or among four by Keys' cubic convolution with a = -3/4 (bicubic; the ends are repeated; with
/// antialias a = -1/2, and weights add up to 1); at o H / OH (nearest) or (o + 1/2) H / OH (nearest_exact) rounded
/// down; or it is the mean of [o H / OH, (o + 1) H / OH), rounded outwards (area). PyTorch's interpolate with a size.
Value upsample(Value x, std::array<int64_t, 2> size, UpsampleOptions options = {});
/// The same of the last one, two or three axes of x. Uses kernels over planes (nearest, bilinear, area), otherwise a
/// gather, a product and a sum along each axis. Throws `invalid_argument` for another number of extents, an extent
/// below 1, and antialias where it is not defined.
Value interpolate(Value x, std::vector<int64_t> size, UpsampleOptions options = {});
/// To the extents floor(factor H), one factor for each of the last axes; 1 / factor replaces H / OH, except for area
/// and aligned corners: PyTorch's scale_factor. Throws `invalid_argument` for a factor that is not above 0 or gives an
/// extent of 0.
Value interpolate_by(Value x, std::vector<double> factors, UpsampleOptions options = {});

enum class GridMode { bilinear, nearest, bicubic };
std::span<const char* const> words_of(GridMode);
enum class GridPadding { zeros, border, reflection };
std::span<const char* const> words_of(GridPadding);
struct GridOptions {
  GridMode mode = GridMode::bilinear;
  GridPadding padding = GridPadding::zeros;  // outside of x: zeros, the nearest element, or x mirrored
  bool align_corners = false;  // -1 and 1 are the centres of the outermost elements, not their outer edges
};
/// x[N, C, H, W] at the points of `grid`[N, OH, OW, 2], each (along W, along H) in [-1, 1]: y[N, C, OH, OW]. Volumes
/// x[N, C, D, H, W] take [.., 3], and no bicubic. PyTorch's grid_sample, with gradients for x and for the grid (no
/// gradient for the grid in mode nearest). Composed of smaller ops; needs memory for 4 times y (volumes 8, bicubic 16).
/// The time of the gradient for x grows with the elements of a plane times the sampled points.
Value grid_sample(Value x, Value grid, GridOptions options = {});

// Normalisation: gamma and beta in the dtype of x or in f32, or empty -------------------------------------------------
struct LayerNormOptions {
  int64_t axes = 1;   // number of trailing axes of the statistics; gamma and beta have their shape
  float eps = 1e-5f;  // Keras: 1e-3
};
/// (x - mean) / sqrt(variance + eps) gamma + beta, with mean and variance over the trailing axes.
Value layer_norm(Value x, Value gamma = {}, Value beta = {}, LayerNormOptions options = {});
struct RmsNormOptions {
  int64_t axes = 1;
  float eps = 1e-6f;
};
/// x / sqrt(mean(x^2) + eps) gamma.
Value rms_norm(Value x, Value gamma = {}, RmsNormOptions options = {});
/// As layer_norm over each of `groups` groups of channels of x[N, C, ..]; gamma[C], beta[C].
Value group_norm(Value x, int64_t groups, Value gamma = {}, Value beta = {}, float eps = 1e-5f);
/// group_norm with one group for each channel.
Value instance_norm(Value x, Value gamma = {}, Value beta = {}, float eps = 1e-5f);
Value l2_normalize(Value x, std::vector<int64_t> axes = {-1}, float eps = 1e-12f);  ///< x / max(norm(x), eps)
/// The result of batch_norm().
struct BatchNormed {
  Value y;
  Value statistics;  // f32[C, 2]: mean and 1 / sqrt(variance + eps) of each channel
  Value variance;    // f32[C], divided by N
  Value rows = {};   // as it was given
};
/// (x - mean) / sqrt(variance + eps) gamma + beta, with mean and variance of each channel of x[N, C, ..] over all other
/// axes. `rows` u32[1]: only the first `rows` of the N count; empty: all.
BatchNormed batch_norm(Value x, Value gamma = {}, Value beta = {}, float eps = 1e-5f, Value rows = {});
/// The same with given statistics f32[C]: for evaluation. Gradients reach x, gamma and beta.
Value batch_norm_eval(Value x, Value gamma, Value beta, Value mean, Value variance, float eps = 1e-5f);
/// Moves the variables f32[C] by `momentum` toward the batch's mean and unbiased variance, at the end of the step;
/// returns their new values, one of which must be a target (Keras: biased, and momentum is the share that is kept,
/// .99). They do not change if fewer than two elements of a channel count.
std::array<Value, 2> update_running_statistics(Value mean, Value variance, const BatchNormed& batch,
                                               int64_t elements_per_channel, float momentum = .1f);

// Narrow networks
// --------------------------------------------------------------------------------------------------------
enum class MlpActivation { relu, sigmoid, tanh };
std::span<const char* const> words_of(MlpActivation);
struct FusedMlpOptions {
  int64_t width = 64;  // units of a hidden layer: 4 to 128, in whole groups of four
  int64_t hidden = 2;  // hidden layers
  int64_t out = 1;
  MlpActivation activation = MlpActivation::relu;
  bool keep_hidden = true;  // for backward, which otherwise computes them again; false if there is no backward pass
};
/// A whole network in one launch, its gradient in two: h = f([h, 1] W) for each hidden layer of x[.., in], then y[..,
/// out] = [h, 1] W. `weights`[fused_mlp_weights(in, options)], in the dtype of x, holds the matrices one after another,
/// each [inputs + 1, outputs] by rows: the last row is the bias. In f16 and bf16, if `in` and `out` are at most
/// `width`, the device's matrix unit is used: layers are then halves, sums f32. (Müller et al. 2021, "Real-time neural
/// radiance caching for path tracing".)
Value fused_mlp(Value x, Value weights, const FusedMlpOptions& options);
int64_t fused_mlp_weights(int64_t in, const FusedMlpOptions& options);

// Sequences
// --------------------------------------------------------------------------------------------------------------
struct AttentionOptions {
  bool causal = false;        // query t attends to the keys s <= t
  float scale = 0;            // 0: 1 / sqrt(D)
  bool heads_inside = false;  // operands are [B, T, H, D] rather than [.., T, D]
  bool fused = true;          // false: matmul and softmax, with all scores in memory
};
/// softmax(scale q k^T) v for q[.., T, D], k[.., S, D], v[.., S, E], leading axes equal: y[.., T, E]. Rows of up to 128
/// elements, a multiple of four, use the fused kernels; others use matmul and softmax.
Value scaled_dot_product_attention(Value q, Value k, Value v, AttentionOptions options = {});

/// Weights of a recurrent layer with G gates: input_weight[G H, C], hidden_weight[G H, H], biases[G H] or empty. An
/// LSTM may have a projection[P, H]: h is then projected, [B, P], and hidden_weight is [G H, P].
struct RecurrentWeights {
  Value input_weight, hidden_weight, input_bias = {}, hidden_bias = {}, projection = {};
};
/// The result of a recurrent network: every step, and the last state.
struct Recurrent {
  Value y;     // h of every step, [B, T, H], or P with a projection
  Value h, c;  // after the last; c of an LSTM only
};
/// An LSTM over x[B, T, C] from h[B, H] and c[B, H] (empty: zeros), in a loop (loop.h). Gates in PyTorch's order, i f g
/// o: c' = sigmoid(f) c + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c'), projected if there is a projection (PyTorch's
/// proj_size).
Recurrent lstm(Value x, const RecurrentWeights& weights, Value h = {}, Value c = {});
/// Gates r z n: n = tanh(a_n + r b_n), h' = (1 - z) n + z h, with a from x and b from h (Keras: reset_after).
Recurrent gru(Value x, const RecurrentWeights& weights, Value h = {});
/// h' = tanh(a + b), or max(a + b, 0).
Recurrent rnn(Value x, const RecurrentWeights& weights, Value h = {}, bool rectified = false);
/// Each pair (x[d], x[d + D/2]) of the rows of x[.., T, D], or [B, T, H, D] with `heads_inside`, rotated by the angle t
/// / base^(2 d / D).
Value rotary_positions(Value x, bool heads_inside = false, float base = 10000);
/// f32[positions, features]: sin(t / base^(d / features)) at even d, the cosine of the same angle at d + 1. Add it to
/// the embeddings.
Value sinusoidal_positions(Graph& graph, int64_t positions, int64_t features, float base = 10000);

}  // namespace lemnos

LEMNOS_END_PUBLIC
