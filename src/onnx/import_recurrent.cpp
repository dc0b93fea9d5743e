// Recurrent layers: x[T, B, C] by weights [directions, gates H, ..], whose gates Lemnos has in another order.
#include "base/text.h"
#include "lemnos/ops.h"
#include "onnx/import.h"

namespace lemnos::onnx {

namespace {

/// `blocks`: which gate of ONNX stands in each place of Lemnos.
struct Gates {
  Axes blocks;
  bool has_c;
};
Gates gates_for(const std::string& op) {
  if (op == "LSTM") return {{0, 2, 3, 1}, true};  // i o f c; i f g o
  if (op == "GRU") return {{1, 0, 2}, false};     // z r h; r z n
  return {{0}, false};
}

// Row `d` of the first axis, which goes.
Value direction_of(Value v, int64_t d) {
  return reshape(slice_axis(v, 0, d, d + 1), Shape(v.shape().dims().subspan(1)));
}

Value in_order(Value v, const Axes& blocks) {
  if (blocks.size() == 1) return v;
  const int64_t rows = v.shape()[0] / static_cast<int64_t>(blocks.size());
  std::vector<Value> parts;
  for (int64_t block : blocks) parts.push_back(slice_axis(v, 0, block * rows, (block + 1) * rows));
  return concat(parts, 0);
}

Value turned_round(Value x) {  // x[B, T, C] from its end
  Axes places;
  for (int64_t t = x.shape()[1]; t-- > 0;) places.push_back(t);
  return index_select(x, constant_list(x.graph(), places), 1);
}

RecurrentWeights weights_of(ImportCall& c, const Gates& gates, int64_t d) {
  RecurrentWeights w{in_order(direction_of(c.real(1), d), gates.blocks),
                     in_order(direction_of(c.real(2), d), gates.blocks)};
  if (!c.has(3)) return w;
  const Value both = direction_of(c.real(3), d);
  const int64_t half = both.shape()[0] / 2;
  w.input_bias = in_order(slice_axis(both, 0, 0, half), gates.blocks);
  w.hidden_bias = in_order(slice_axis(both, 0, half, 2 * half), gates.blocks);
  return w;
}

void require_usual_gates(ImportCall& c, int64_t directions) {
  (void)c.integer("hidden_size", 0);
  (void)c.has("output_sequence");
  if (c.integer("layout", 0)) c.refuse("a layout with batches first");
  if (c.has("clip") || c.has("activation_alpha") || c.has("activation_beta") || c.integer("input_forget", 0))
    c.refuse("gates that are clipped, coupled, or have parameters");
  if (c.op() == "GRU" && !c.integer("linear_before_reset", 0)) c.refuse("a GRU that resets before the product");
  if (c.has(4)) c.refuse("rows of other lengths");
  if (c.op() == "LSTM" && c.has(7)) c.refuse("peepholes");
  const std::vector<std::string> usual = c.op() == "LSTM"  ? std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"}
                                         : c.op() == "GRU" ? std::vector<std::string>{"Sigmoid", "Tanh"}
                                                           : std::vector<std::string>{"Tanh"};
  const std::vector<std::string> given = c.words("activations");
  for (size_t i = 0; i < given.size(); ++i) {
    const bool relu_of_rnn = c.op() == "RNN" && given[i] == "Relu" && given[0] == "Relu";
    if (given[i] != usual[i % usual.size()] && !relu_of_rnn) c.refuse("the function " + given[i] + " in a gate");
  }
  require(directions == 1 || directions == 2, ErrorCode::corrupt_data, directions, " directions");
}

std::vector<Value> recurrent_row(ImportCall& c) {
  const Gates gates = gates_for(c.op());
  const Value x = permute(c.real(0), {1, 0, 2});
  require(c.real(1).shape().rank() == 3 && c.real(2).shape().rank() == 3, ErrorCode::corrupt_data, "its weights are ",
          c.real(1).desc(), " and ", c.real(2).desc(), ", they take three axes");
  const std::string direction = c.word("direction", "forward");
  const int64_t directions = c.real(1).shape()[0];
  require_usual_gates(c, directions);
  const std::vector<std::string> functions = c.words("activations");
  const bool rectified = !functions.empty() && functions[0] == "Relu";
  std::vector<Value> y, h, last_c;
  for (int64_t d = 0; d < directions; ++d) {
    const bool backward = d == 1 || direction == "reverse";
    const RecurrentWeights w = weights_of(c, gates, d);
    const Value in = backward ? turned_round(x) : x, first_h = c.has(5) ? direction_of(c.real(5), d) : Value(),
                first_c = gates.has_c && c.has(6) ? direction_of(c.real(6), d) : Value();
    const Recurrent made = gates.has_c       ? lstm(in, w, first_h, first_c)
                           : c.op() == "GRU" ? gru(in, w, first_h)
                                             : rnn(in, w, first_h, rectified);
    y.push_back(permute(backward ? turned_round(made.y) : made.y, {1, 0, 2}));
    h.push_back(made.h);
    if (gates.has_c) last_c.push_back(made.c);
  }
  std::vector<Value> results{stack(y, 1), stack(h, 0)};
  if (gates.has_c) results.push_back(stack(last_c, 0));
  return results;
}

}  // namespace

void add_import_recurrent(ImportTable& t) {
  for (const char* op : {"LSTM", "GRU", "RNN"}) t[op] = recurrent_row;
}

}  // namespace lemnos::onnx
