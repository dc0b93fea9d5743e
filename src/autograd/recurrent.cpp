// Recurrent layers: the input's products for all steps at once, then a loop over time.

#include <array>

#include "base/text.h"
#include "lemnos/loop.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "ops/op_table.h"

namespace lemnos {

namespace {

// x[B, T, C] by the input's weights in one product: [T, B, gates H].
struct Walk {
  int64_t batch, time, units, outputs;  // the last: columns of h
  Value sums;
};
Walk start(const char* who, Value x, const RecurrentWeights& w, int64_t gates) {
  const Shape &s = x.shape(), &weight = w.hidden_weight.shape();
  const bool projects = static_cast<bool>(w.projection);
  require(!projects || gates == 4, ErrorCode::unsupported, who, ": a projection ",
          projects ? w.projection.desc() : TensorDesc{}, ", which only an LSTM has");
  require(s.rank() == 3 && s[1] >= 1 && weight.rank() == 2 && weight[0] % gates == 0 &&
              (projects || weight[0] == gates * weight[1]),
          ErrorCode::shape_mismatch, who, ": x ", x.desc(), " is [B, T, C], and the hidden weight ",
          w.hidden_weight.desc(), " [", gates, projects ? " H, P]" : " H, H]");
  const int64_t units = weight[0] / gates;
  require(!projects || w.projection.shape() == Shape{weight[1], units}, ErrorCode::shape_mismatch, who,
          ": the hidden weight ", w.hidden_weight.desc(), " takes a projection ", Shape{weight[1], units}, ", it is ",
          projects ? w.projection.desc() : TensorDesc{});
  const Shape& input = w.input_weight.shape();
  require(input.rank() == 2 && input[0] == weight[0] && input[1] == s[2], ErrorCode::shape_mismatch, who, ": x ",
          x.desc(), " and the hidden weight ", w.hidden_weight.desc(), " take an input weight ", Shape{weight[0], s[2]},
          ", it is ", w.input_weight.desc());
  return {s[0], s[1], units, weight[1], linear(permute(x, {1, 0, 2}), w.input_weight, w.input_bias)};
}

Value first_h(Value given, Value x, const Walk& walk) {
  return given ? given : zeros(x.graph(), {walk.batch, walk.outputs}, x.dtype());
}

// The hidden state's part of the sums in front of the gates.
Value hidden_sums(LoopBody& body, const RecurrentWeights& w) {
  return linear(body.carried(0), body.capture(w.hidden_weight), w.hidden_bias ? body.capture(w.hidden_bias) : Value());
}

Recurrent finished(const LoopResults& r) {
  return {permute(r.stacked[0], {1, 0, 2}), r.carried[0], r.carried.size() > 1 ? r.carried[1] : Value()};
}

}  // namespace

Recurrent lstm(Value x, const RecurrentWeights& w, Value h, Value c) {
  const Walk walk = start("lstm", x, w, 4);
  const Value first_c = c ? c : zeros(x.graph(), {walk.batch, walk.units}, x.dtype());
  return finished(repeat(walk.time, {first_h(h, x, walk), first_c}, {walk.sums}, [&](LoopBody& b) {
    const std::array inputs{b.slice(), hidden_sums(b, w), b.carried(1)};
    std::vector<Value> made = b.graph().add_all(find_op("lstm_cell"), inputs);
    if (w.projection) made[0] = linear(made[0], b.capture(w.projection));
    return LoopStep{made, {made[0]}};
  }));
}

Recurrent gru(Value x, const RecurrentWeights& w, Value h) {
  const Walk walk = start("gru", x, w, 3);
  return finished(repeat(walk.time, {first_h(h, x, walk)}, {walk.sums}, [&](LoopBody& b) {
    const Value next = b.graph().add(find_op("gru_cell"), {b.slice(), hidden_sums(b, w), b.carried()});
    return LoopStep{{next}, {next}};
  }));
}

Recurrent rnn(Value x, const RecurrentWeights& w, Value h, bool rectified) {
  const Walk walk = start("rnn", x, w, 1);
  return finished(repeat(walk.time, {first_h(h, x, walk)}, {walk.sums}, [&](LoopBody& b) {
    const Value sums = b.slice() + hidden_sums(b, w);
    const Value next = rectified ? relu(sums) : tanh(sums);
    return LoopStep{{next}, {next}};
  }));
}

}  // namespace lemnos
