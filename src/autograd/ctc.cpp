// Connectionist temporal classification (Graves et al. 2006): minus the logarithm of the probability of all ways to
// write the targets over time, with blanks between them and classes repeated. Forward variables in logarithms, in a
// loop over time; the gradient is the loop's.

#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lemnos/loop.h"
#include "lemnos/ops.h"

namespace lemnos {

namespace {

constexpr float kImpossible = -1e30f;  // the logarithm of 0, as a number: differences of it are numbers too

Value log_of(Value holds) { return affine(holds, -kImpossible, kImpossible); }

// The states of a row: blank, target, blank, target, .., blank. [N, L] each, L = 2 S + 1.
struct States {
  Value classes;  // i32
  Value skip;     // 0 where the state two before may lead here, else the logarithm of 0
};
States states_of(Value targets, int64_t blank) {
  Graph& graph = targets.graph();
  const int64_t n = targets.shape()[0], s = targets.shape()[1], length = 2 * s + 1;
  const Value blanks = full(graph, {n, s, 1}, static_cast<float>(blank), DType::i32);
  const std::array pairs{blanks, reshape(targets, Shape{n, s, 1})};
  const std::array all{reshape(concat(pairs, 2), Shape{n, 2 * s}),
                       full(graph, {n, 1}, static_cast<float>(blank), DType::i32)};
  const Value classes = concat(all, 1);
  if (length < 3) return {classes, full(graph, {n, length}, kImpossible)};
  const Value here = slice_axis(classes, 1, 2, length), before = slice_axis(classes, 1, 0, length - 2);
  const Value other = cast(not_equal(here, before), DType::f32) *
                      cast(not_equal(here, full(graph, {}, static_cast<float>(blank), DType::i32)), DType::f32);
  return {classes, pad(log_of(other), {0, 2}, {0, 0}, kImpossible)};
}

// x[n, at[n]], or 0 where there is no such column.
Value picked_state(Value x, Value at) {
  const Value here = equal(range(x.graph(), 0, x.shape()[1]), reshape(at, Shape{at.shape()[0], 1}));
  return sum(where(here, x, x.graph().scalar(0)), {1});
}

// low <= v <= high, in f32.
Value lies_within(Value v, int64_t low, int64_t high) {
  Graph& graph = v.graph();
  return cast(greater_equal(v, full(graph, {}, static_cast<float>(low), DType::i32)), DType::f32) *
         cast(less_equal(v, full(graph, {}, static_cast<float>(high), DType::i32)), DType::f32);
}

// The logarithm of the sum of exp over the last axis, or of a few beside each other.
Value log_sum(const std::vector<Value>& terms) {
  Value most = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) most = maximum(most, terms[i]);
  most = stop_gradient(most);
  Value total;
  for (const Value term : terms) total = total ? total + exp(term - most) : exp(term - most);
  return most + log(total);
}

// alpha[N, L] moved on by `places` states.
Value moved_states(Value alpha, int64_t places) {
  const int64_t length = alpha.shape()[1];
  if (places >= length) return full(alpha.graph(), alpha.shape(), kImpossible);
  return pad(slice_axis(alpha, 1, 0, length - places), {0, places}, {0, 0}, kImpossible);
}

void require_ctc(Value scores, Value targets, Value times, Value lengths, const CtcOptions& o) {
  const char* who = "ctc_loss";
  const Shape& s = scores.shape();
  require(s.rank() == 3 && s.elements() > 0 && scores.dtype() == DType::f32, ErrorCode::invalid_argument, who,
          ": scores ", scores.desc(), ", it takes f32[T, N, C], with elements");
  require(targets.dtype() == DType::i32 && targets.shape().rank() == 2 && targets.shape()[0] == s[1],
          ErrorCode::shape_mismatch, who, ": targets ", targets.desc(), " for scores ", scores.desc(),
          ", they are i32[N, S]; rows one after the other in one axis are not taken");
  for (const auto& [name, value] : {std::pair{"input lengths", times}, {"target lengths", lengths}})
    require(!value || value.desc() == TensorDesc{Shape{s[1]}, DType::i32}, ErrorCode::shape_mismatch, who, ": ", name,
            ' ', value ? value.desc() : TensorDesc{}, " for scores ", scores.desc(), ", they are ",
            TensorDesc{Shape{s[1]}, DType::i32});
  require(o.blank >= 0 && o.blank < s[2], ErrorCode::invalid_argument, who, ": blank ", o.blank, " is outside [0, ",
          s[2], ")");
}

}  // namespace

Value ctc_loss(Value scores, Value targets, Value input_lengths, Value target_lengths, CtcOptions options) {
  require_ctc(scores, targets, input_lengths, target_lengths, options);
  Graph& graph = scores.graph();
  const Shape& s = scores.shape();
  const int64_t time = s[0], n = s[1], classes = s[2], length = 2 * targets.shape()[1] + 1;
  if (!input_lengths) input_lengths = full(graph, {n}, static_cast<float>(time), DType::i32);
  if (!target_lengths) target_lengths = full(graph, {n}, static_cast<float>(targets.shape()[1]), DType::i32);
  const States states = states_of(targets, options.blank);
  // What each state says at each time: a row of the gather is a class of a sequence over all times.
  const Value logarithms = reshape(permute(log_softmax(scores), {1, 2, 0}), Shape{n * classes, time});
  const Value first = reshape(range(graph, 0, n * classes, classes), Shape{n, 1});
  const Value none = full(graph, {}, -1, DType::i32);
  const Value rows = where(lies_within(states.classes, 0, classes - 1), states.classes + first, none);
  const Value said = permute(gather(logarithms, rows, {.fill = kImpossible}), {2, 0, 1});  // [T, N, L]

  std::vector<float> start(static_cast<size_t>(length), kImpossible);
  start[0] = 0;
  if (length > 1) start[1] = 0;
  const Value begin = reshape(slice_axis(said, 0, 0, 1), Shape{n, length}) + graph.constant(Shape{length}, start);
  Value alpha = begin;
  if (time > 1) {
    const Value steps = slice_axis(said, 0, 1, time), last_step = reshape(input_lengths, Shape{n, 1});
    const Value one = full(graph, {}, 1, DType::i32);
    alpha = repeat(time - 1, {begin}, {steps}, [&](LoopBody& body) {
              const Value before = body.carried();
              const Value next = body.slice() + log_sum({before, moved_states(before, 1),
                                                         moved_states(before, 2) + body.capture(states.skip)});
              const Value runs = less(body.index() + body.capture(one), body.capture(last_step));
              return LoopStep{{where(runs, next, before)}, {}};
            }).carried[0];
  }
  const Value end = target_lengths + target_lengths;
  const Value in_blank = picked_state(alpha, end),
              in_target = picked_state(alpha, end - full(graph, {}, 1, DType::i32));
  const Value has_target = greater(target_lengths, full(graph, {}, 0, DType::i32));
  Value losses = -log_sum({in_blank, where(has_target, in_target, graph.scalar(kImpossible))});
  // No way leads there.
  const Value never = greater(losses, graph.scalar(-kImpossible / 2));
  const float infinity = std::numeric_limits<float>::infinity();
  losses = where(never, graph.scalar(options.zero_infinity ? 0 : infinity), losses);
  const Value fits = lies_within(target_lengths, 0, targets.shape()[1]) * lies_within(input_lengths, 1, time);
  losses = where(fits, losses, graph.scalar(std::numeric_limits<float>::quiet_NaN()));
  if (options.reduction == Reduction::none) return losses;
  if (options.reduction == Reduction::sum) return sum(losses);
  return mean(losses / maximum(cast(target_lengths, DType::f32), graph.scalar(1)));
}

}  // namespace lemnos
