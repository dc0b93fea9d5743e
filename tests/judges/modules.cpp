// Recurrent, attention and transformer layers by PyTorch's names of their parameters, which stand as arguments of a
// call like any other: inputs by place, parameters and masks by name.

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "judges/helpers.h"
#include "judges/pytorch.h"

namespace lemnos::judges {

namespace {

constexpr int64_t kHeads = 2;  // of all attention in the database

Value named(Args& a, const std::string& name) { return a.tensor(Where(name.c_str())); }
Value named_or_none(Args& a, const std::string& name) { return a.tensor_or_none(Where(name.c_str())); }

using Cell = Recurrent (*)(Value, const RecurrentWeights&);

Recurrent rnn_cell(Value x, const RecurrentWeights& w) { return rnn(x, w); }
Recurrent relu_cell(Value x, const RecurrentWeights& w) { return rnn(x, w, {}, true); }
Recurrent lstm_cell(Value x, const RecurrentWeights& w) { return lstm(x, w); }
Recurrent gru_cell(Value x, const RecurrentWeights& w) { return gru(x, w); }

Value backwards(Value x) { return pick(x, 1, integers(x.shape()[1], x.shape()[1] - 1, -1)); }

Recurrent direction(Args& a, Cell cell, Value x, const std::string& suffix, bool reverse) {
  const RecurrentWeights w{named(a, "weight_ih" + suffix), named(a, "weight_hh" + suffix),
                           named_or_none(a, "bias_ih" + suffix), named_or_none(a, "bias_hh" + suffix),
                           named_or_none(a, "weight_hr" + suffix)};
  Recurrent r = cell(reverse ? backwards(x) : x, w);
  if (reverse) r.y = backwards(r.y);
  return r;
}

// y, the last h of every layer and direction, and c of an LSTM.
std::vector<Value> recurrent(Args& a, Cell cell) {
  Value x = a[0];
  std::vector<Value> last_h, last_c;
  for (int layer = 0; a.has(Where(text("weight_ih_l", layer).c_str())); ++layer) {
    std::vector<Value> ys;
    for (const bool reverse : {false, true}) {
      const std::string suffix = text("_l", layer, reverse ? "_reverse" : "");
      if (!a.has(Where(("weight_ih" + suffix).c_str()))) continue;
      const Recurrent r = direction(a, cell, x, suffix, reverse);
      ys.push_back(r.y);
      last_h.push_back(r.h);
      if (r.c) last_c.push_back(r.c);
    }
    x = ys.size() == 1 ? ys[0] : concat(ys, 2);
  }
  std::vector<Value> results = {x, stack(last_h)};
  if (!last_c.empty()) results.push_back(stack(last_c));
  return results;
}

// x[B, T, C] in heads [B, H, T, C / H], and back.
Value in_heads(Value x) {
  const Shape& s = x.shape();
  return permute(reshape(x, Shape{s[0], s[1], kHeads, s[2] / kHeads}), {0, 2, 1, 3});
}
Value joined_heads(Value x) {
  const Shape& s = x.shape();
  return reshape(permute(x, {0, 2, 1, 3}), Shape{s[0], s[2], s[1] * s[3]});
}

struct Attended {
  Value y, weights;
};

// Multi-head attention; with a mask, or where the weights are asked for, by matmul and softmax.
Attended attended(Args& a, const std::string& prefix, const std::array<Value, 3>& x, Value mask, bool weights) {
  const Value bias = named(a, prefix + "in_proj_bias");
  const std::vector<Value> biases = split(bias, Axes(3, bias.shape()[0] / 3));
  std::vector<Value> matrices;
  if (a.has(Where((prefix + "in_proj_weight").c_str()))) {
    matrices = split(named(a, prefix + "in_proj_weight"), Axes(3, bias.shape()[0] / 3));
  } else {
    for (const char* name : {"q_proj_weight", "k_proj_weight", "v_proj_weight"})
      matrices.push_back(named(a, prefix + name));
  }
  std::array<Value, 3> heads;
  for (size_t i = 0; i < 3; ++i) heads[i] = in_heads(linear(x[i], matrices[i], biases[i]));
  const auto out = [&](Value y) {
    return linear(joined_heads(y), named(a, prefix + "out_proj.weight"), named(a, prefix + "out_proj.bias"));
  };
  if (!weights && !mask) return {out(scaled_dot_product_attention(heads[0], heads[1], heads[2])), {}};
  const float scale = 1 / std::sqrt(static_cast<float>(heads[0].shape()[3]));
  Value scores = scale * matmul(heads[0], heads[1], {.transpose_b = true});
  if (mask && mask.dtype() == DType::f32) scores = scores + mask;
  if (mask && mask.dtype() == DType::boolean)
    scores = where(mask, a.graph().scalar(-std::numeric_limits<float>::infinity()), scores);
  const Value p = softmax(scores);
  return {out(matmul(p, heads[2])), mean(p, {1})};
}

std::vector<Value> attention_module(Args& a) {
  Value mask = a.tensor_or_none("attn_mask");
  if (a.has("key_padding_mask")) {
    const Value padding = a.tensor("key_padding_mask");
    mask = reshape(padding, Shape{padding.shape()[0], 1, 1, padding.shape()[1]});
  }
  const Attended r = attended(a, "", {a[0], a[1], a[2]}, mask, true);
  return {r.y, r.weights};
}

Value normed(Args& a, Value x, const std::string& name) {
  return layer_norm(x, named(a, name + ".weight"), named(a, name + ".bias"));
}

Value fed_forward(Args& a, Value x, Value (*activation)(Value)) {
  const Value hidden = activation(linear(x, named(a, "linear1.weight"), named(a, "linear1.bias")));
  return linear(hidden, named(a, "linear2.weight"), named(a, "linear2.bias"));
}

std::vector<Value> encoder_norm_first(Args& a) {
  Value x = a[0];
  const Value n = normed(a, x, "norm1");
  x = x + attended(a, "self_attn.", {n, n, n}, a.tensor_or_none("src_mask"), false).y;
  return {x + fed_forward(a, normed(a, x, "norm2"), [](Value v) { return gelu(v); })};
}

std::vector<Value> encoder(Args& a) {
  Value x = a[0];
  x = normed(a, x + attended(a, "self_attn.", {x, x, x}, {}, false).y, "norm1");
  return {normed(a, x + fed_forward(a, x, relu), "norm2")};
}

std::vector<Value> decoder(Args& a) {
  Value x = a[0];
  const Value memory = a[1];
  x = normed(a, x + attended(a, "self_attn.", {x, x, x}, {}, false).y, "norm1");
  x = normed(a, x + attended(a, "multihead_attn.", {x, memory, memory}, {}, false).y, "norm2");
  return {normed(a, x + fed_forward(a, x, relu), "norm3")};
}

Row row_of_modules(const std::string& module) {
  const auto cell = [](Cell c) { return Row{[c](Args& a) { return recurrent(a, c); }}; };
  if (module.starts_with("RNN")) return cell(module.find("'relu'") == std::string::npos ? rnn_cell : relu_cell);
  if (module.starts_with("LSTM")) return cell(lstm_cell);
  if (module.starts_with("GRU")) return cell(gru_cell);
  if (module.starts_with("MultiheadAttention")) return {attention_module};
  if (module.starts_with("TransformerDecoderLayer")) return {decoder};
  if (module.starts_with("TransformerEncoderLayer"))
    return {module.find("norm_first") == std::string::npos ? encoder : encoder_norm_first};
  return {[module](Args&) -> std::vector<Value> { unexpressed("no module: " + module); }};
}

// The entry as a call: inputs by place, parameters and masks by name; gradients by the tensor's name.
Json as_call(const Json& entry) {
  Json call = {{"args", Json::array()},
               {"kwargs", Json::object()},
               {"results", entry.at("results")},
               {"gradients", Json::object()}};
  std::map<std::string, std::string> tensors;
  for (const Json& input : entry.at("inputs")) {
    tensors["x" + std::to_string(call["args"].size())] = input.get<std::string>();
    call["args"].push_back({{"tensor", input}});
  }
  for (const auto& [name, tensor] : entry.at("parameters").items()) {
    tensors[name] = tensor.get<std::string>();
    call["kwargs"][name] = {{"tensor", tensor}};
  }
  for (const auto& [name, tensor] : entry.at("kwargs").items()) call["kwargs"][name] = {{"tensor", tensor}};
  for (const auto& [name, gradient] : entry.at("gradients").items()) call["gradients"][tensors.at(name)] = gradient;
  return call;
}

}  // namespace

void judge_modules(Report& report, const Device& device, const std::filesystem::path& folder, const std::string& only) {
  const Json database = read_json(folder / "modules.json");
  const Arrays arrays(folder / "modules.safetensors");
  for (const Json& entry : database.at("calls")) {
    const auto module = entry.at("module").get<std::string>();
    const std::string op = "module." + module.substr(0, module.find_first_of("( "));
    if (!only.empty() && op != only) continue;
    report.add("modules", op, op + ' ' + module, judge_call(device, row_of_modules(module), as_call(entry), arrays));
  }
}

}  // namespace lemnos::judges
