// Recurrent layers: ONNX has time first, the direction as an axis, and the gates in another order.

#include <cstddef>
#include <vector>

#include "judges/onnx/table.h"
#include "lemnos/loop.h"

namespace lemnos::judges::onnx {

namespace {

// Blocks of H rows in another order.
Value reordered(Value v, int64_t hidden, const std::vector<size_t>& order) {
  const std::vector<Value> blocks = split(v, Axes(order.size(), hidden), 0);
  std::vector<Value> turned;
  for (size_t from : order) turned.push_back(blocks[from]);
  return concat(turned, 0);
}

struct Layer {
  Value x;  // [B, T, C]
  RecurrentWeights weights;
  Value h, c;
  bool batch_first = false;
};

// Gate k of Lemnos is block order[k] of ONNX.
Layer layer_of(Call& c, const std::vector<size_t>& order) {
  express_if(c.word("direction", "forward") == "forward", "a direction other than forward");
  express_if(!c.has("activations") && !c.has("clip"), "activations of a recurrent layer");
  Layer l;
  l.batch_first = c.integer("layout", 0) == 1;
  l.x = l.batch_first ? c[0] : permute(c[0], {1, 0, 2});
  const Value r = squeeze(c[2], 0);
  const int64_t hidden = r.shape()[1];
  c.ignore("hidden_size");
  l.weights.input_weight = reordered(squeeze(c[1], 0), hidden, order);
  l.weights.hidden_weight = reordered(r, hidden, order);
  if (c.has(3)) {
    const int64_t half = static_cast<int64_t>(order.size()) * hidden;
    const std::vector<Value> biases = split(squeeze(c[3], 0), {half, half}, 0);
    l.weights.input_bias = reordered(biases[0], hidden, order);
    l.weights.hidden_bias = reordered(biases[1], hidden, order);
  }
  if (c.has(4))
    for (int64_t length : c.list(4)) express_if(length == l.x.shape()[1], "sequences of several lengths");
  if (c.has(5)) l.h = squeeze(c[5], l.batch_first ? 1 : 0);
  if (c.has(6)) l.c = squeeze(c[6], l.batch_first ? 1 : 0);
  return l;
}

// y[B, T, H] and the last h and c with the direction's axis.
std::vector<Value> results_of(const Layer& l, const Recurrent& r) {
  const auto last = [&](Value v) { return v ? unsqueeze(v, l.batch_first ? 1 : 0) : v; };
  const Value y = l.batch_first ? unsqueeze(r.y, 2) : unsqueeze(permute(r.y, {1, 0, 2}), 1);
  return {y, last(r.h), last(r.c)};
}

std::vector<Value> lstm_row(Call& c) {
  express_if(!c.has(7), "no option: peepholes");
  const Layer l = layer_of(c, {0, 2, 3, 1});  // i o f c
  return results_of(l, lstm(l.x, l.weights, l.h, l.c));
}

// h' = (1 - z) n + z h with n = tanh(a_n + R_n (r h) + b_n): the reset comes before the product, where gru() has it
// after.
Recurrent reset_first(const Layer& l) {
  const int64_t hidden = l.weights.hidden_weight.shape()[1], batch = l.x.shape()[0];
  const Axes gates(3, hidden);
  const std::vector<Value> weights = split(l.weights.hidden_weight, gates, 0);
  const std::vector<Value> biases =
      l.weights.hidden_bias ? split(l.weights.hidden_bias, gates, 0) : std::vector<Value>(3);
  const Value from_x = permute(linear(l.x, l.weights.input_weight, l.weights.input_bias), {1, 0, 2});
  const Value start = l.h ? l.h : zeros(l.x.graph(), Shape{batch, hidden});
  const LoopResults all = repeat(from_x.shape()[0], {start}, {from_x}, [&](LoopBody& body) {
    const Value h = body.carried();
    const std::vector<Value> a = split(body.slice(), gates, 1);
    const auto from_h = [&](Value v, size_t gate) {
      return linear(v, body.capture(weights[gate]), biases[gate] ? body.capture(biases[gate]) : Value());
    };
    const Value r = sigmoid(a[0] + from_h(h, 0)), z = sigmoid(a[1] + from_h(h, 1)), n = tanh(a[2] + from_h(r * h, 2));
    const Value next = n + z * (h - n);
    return LoopStep{.carried = {next}, .stacked = {next}};
  });
  return {permute(all.stacked[0], {1, 0, 2}), all.carried[0], {}};
}

std::vector<Value> gru_row(Call& c) {
  const bool reset_last = c.flag("linear_before_reset", false);
  const Layer l = layer_of(c, {1, 0, 2});  // z r h
  return results_of(l, reset_last ? gru(l.x, l.weights, l.h) : reset_first(l));
}

std::vector<Value> rnn_row(Call& c) {
  const Layer l = layer_of(c, {0});
  return results_of(l, rnn(l.x, l.weights, l.h));
}

}  // namespace

void add_recurrent(OpTable& t) {
  t.add("LSTM", lstm_row);
  t.add("GRU", gru_row);
  t.add("RNN", rnn_row);
}

}  // namespace lemnos::judges::onnx
