// What a step of a random graph may be: every family of ops. Results stay near 1, so that differences between devices
// are those of rounding: sums are means, factors lie in (-1, 1), weights shrink with what they add up.

#include <algorithm>
#include <cmath>

#include "random/recipe.h"

namespace lemnos::random_graphs {

namespace {

std::string list(std::span<const int64_t> numbers) {
  std::string out = "{";
  for (size_t i = 0; i < numbers.size(); ++i) out += text(i ? ", " : "", numbers[i]);
  return out + "}";
}

struct Unary {
  const char* name;
  Value (*function)(Value);
};
#define LEMNOS_UNARY(...)                                                           \
  {                                                                                 \
    "[](Value x) { return " #__VA_ARGS__ "; }", [](Value x) { return __VA_ARGS__; } \
  }
const Unary kUnary[] = {
    LEMNOS_UNARY(relu(x)),
    LEMNOS_UNARY(leaky_relu(x)),
    LEMNOS_UNARY(elu(x)),
    LEMNOS_UNARY(selu(x)),
    LEMNOS_UNARY(gelu(x)),
    LEMNOS_UNARY(gelu(x, GeluForm::tanh)),
    LEMNOS_UNARY(silu(x)),
    LEMNOS_UNARY(mish(x)),
    LEMNOS_UNARY(sigmoid(x)),
    LEMNOS_UNARY(hard_swish(x)),
    LEMNOS_UNARY(tanh(x)),
    LEMNOS_UNARY(softplus(x)),
    LEMNOS_UNARY(softsign(x)),
    LEMNOS_UNARY(negate(x)),
    LEMNOS_UNARY(abs(x)),
    LEMNOS_UNARY(square(tanh(x))),
    LEMNOS_UNARY(sqrt(abs(x) + .5f)),
    LEMNOS_UNARY(exp(tanh(x))),
    LEMNOS_UNARY(log1p(abs(x))),
    LEMNOS_UNARY(clamp(x, -.7f, .9f)),
    LEMNOS_UNARY(affine(x, -.8f, .3f)),
    LEMNOS_UNARY(identity(x)),
    LEMNOS_UNARY(stop_gradient(x)),
    LEMNOS_UNARY(reciprocal(abs(x) + 1)),
};
#undef LEMNOS_UNARY

Made leaf(Maker& m) {
  const int64_t extents[] = {1, 1, 2, 3, 4, 4, 5, 7, 8, 16, 33};
  std::vector<int64_t> shape;
  for (int64_t axes = m.below(5); axes > 0; --axes) shape.push_back(m.below(60) == 0 ? 0 : m.one_of<int64_t>(extents));
  m.need(Shape(shape).elements() <= 1200);
  const Value x = m.leaf(Shape(shape));
  return {x, m.names.back()};
}

Made unary(Maker& m) {
  const Unary& f = m.one_of<Unary>(kUnary);
  return {f.function(m.in[0]), text("(", f.name, ")(", m.names[0], ")")};
}

// Operands of one type and of shapes that fit: b as it is, or its mean.
std::pair<Value, std::string> partner(Maker& m) {
  Value b = m.in[1];
  std::string code = m.names[1];
  m.need(is_floating(b.dtype()) && is_floating(m.in[0].dtype()) && b.desc().elements() > 0);
  if (b.dtype() != m.in[0].dtype()) {
    b = cast(b, m.in[0].dtype());
    code = text("cast(", code, ", DType::", to_string(m.in[0].dtype()), ")");
  }
  bool fits = true;
  for (size_t i = 1; i <= std::min(b.shape().rank(), m.shape().rank()); ++i) {
    const int64_t x = m.shape()[m.shape().rank() - i], y = b.shape()[b.shape().rank() - i];
    fits = fits && (x == y || x == 1 || y == 1);
  }
  if (fits) return {b, code};
  return {mean(b), text("mean(", code, ")")};
}

struct Binary {
  const char* name;
  Value (*function)(Value, Value);
};
#define LEMNOS_BINARY(...)                                                                            \
  {                                                                                                   \
    "[](Value a, Value b) { return " #__VA_ARGS__ "; }", [](Value a, Value b) { return __VA_ARGS__; } \
  }
const Binary kBinary[] = {
    LEMNOS_BINARY(a + b),
    LEMNOS_BINARY(a - b),
    LEMNOS_BINARY(a* tanh(b)),
    LEMNOS_BINARY(a / (abs(b) + 1)),
    LEMNOS_BINARY(minimum(a, b)),
    LEMNOS_BINARY(maximum(a, b)),
    LEMNOS_BINARY(where(greater(a, b), a, b)),
    LEMNOS_BINARY(pow(abs(a) + .5f, tanh(b))),
};
#undef LEMNOS_BINARY

Made binary(Maker& m) {
  const Binary& f = m.one_of<Binary>(kBinary);
  const auto [b, code] = partner(m);
  return {f.function(m.in[0], b), text("(", f.name, ")(", m.names[0], ", ", code, ")")};
}

Made reduction(Maker& m) {
  struct Function {
    const char* name;
    Value (*function)(Value, std::vector<int64_t>, bool);
  };
  static const Function kFunctions[] = {
      {"mean", mean}, {"reduce_max", reduce_max}, {"reduce_min", reduce_min}, {"norm", norm}};
  m.need(m.rank() > 0 && m.in[0].desc().elements() > 0);
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < m.rank(); ++axis)
    if (m.maybe()) axes.push_back(axis);
  const bool keep = m.maybe();
  const Function& f = m.one_of<Function>(kFunctions);
  return {f.function(m.in[0], axes, keep), text(f.name, "(", m.names[0], ", ", list(axes), keep ? ", true)" : ")")};
}

Made reshaped(Maker& m) {
  std::vector<int64_t> shape(m.shape().begin(), m.shape().end());
  const int64_t at = m.rank() ? m.below(m.rank()) : 0;
  switch (m.below(4)) {
    case 0: shape = {m.in[0].desc().elements()}; break;
    case 1: shape.insert(shape.begin() + at, 1); break;
    case 2: {  // one axis in two
      m.need(m.rank() > 0);
      const int64_t extent = shape[static_cast<size_t>(at)], factor = extent % 2 == 0 ? 2 : 3;
      m.need(extent > factor && extent % factor == 0);
      shape[static_cast<size_t>(at)] = factor;
      shape.insert(shape.begin() + at + 1, extent / factor);
      break;
    }
    default:  // two axes in one
      m.need(at + 1 < m.rank());
      shape[static_cast<size_t>(at)] *= shape[static_cast<size_t>(at) + 1];
      shape.erase(shape.begin() + at + 1);
  }
  return {reshape(m.in[0], Shape(shape)), text("reshape(", m.names[0], ", ", list(shape), ")")};
}

Made permuted(Maker& m) {
  m.need(m.rank() >= 2);
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < m.rank(); ++axis) axes.insert(axes.begin() + m.below(axis + 1), axis);
  return {permute(m.in[0], axes), text("permute(", m.names[0], ", ", list(axes), ")")};
}

Made sliced(Maker& m) {
  m.need(m.rank() > 0);
  const int64_t axis = m.below(m.rank()), extent = m.shape()[static_cast<size_t>(axis)];
  m.need(extent > 1);
  const int64_t begin = m.below(extent), end = begin + 1 + m.below(extent - begin);
  return {slice_axis(m.in[0], axis, begin, end),
          text("slice_axis(", m.names[0], ", ", axis, ", ", begin, ", ", end, ")")};
}

Made joined(Maker& m) {
  m.need(m.in[0].desc() == m.in[1].desc() || m.maybe());
  const Value b = m.in[0].desc() == m.in[1].desc() ? m.in[1] : m.in[0];
  const std::string names = text("std::vector{", m.names[0], ", ", b == m.in[1] ? m.names[1] : m.names[0], "}");
  const std::vector<Value> parts{m.in[0], b};
  if (m.maybe() || m.rank() == 0) return {stack(parts, 0), text("stack(", names, ", 0)")};
  const int64_t axis = m.below(m.rank());
  return {concat(parts, axis), text("concat(", names, ", ", axis, ")")};
}

Made padded(Maker& m) {
  m.need(m.rank() > 0);
  std::vector<int64_t> before, after;
  for (int64_t axis = 0; axis < m.rank(); ++axis) {
    before.push_back(m.below(3) ? 0 : m.below(3));
    after.push_back(m.below(3) ? 0 : m.below(3));
  }
  return {pad(m.in[0], before, after, .25f),
          text("pad(", m.names[0], ", ", list(before), ", ", list(after), ", .25f)")};
}

Made stretched(Maker& m) {
  std::vector<int64_t> shape(m.shape().begin(), m.shape().end());
  for (int64_t& extent : shape)
    if (extent == 1 && m.maybe()) extent = 3;
  if (m.maybe()) shape.insert(shape.begin(), 2);
  return {broadcast_to(m.in[0], Shape(shape)), text("broadcast_to(", m.names[0], ", ", list(shape), ")")};
}

// x W in any layout, with what may be fused to it.
Made product(Maker& m) {
  m.need(m.rank() >= 2 && m.in[0].dtype() == DType::f32);
  const int64_t k = m.shape()[m.shape().rank() - 1], n = 1 + m.below(17);
  m.need(k > 0);
  const bool transposed = m.maybe();
  const double scale = 1 / std::sqrt(static_cast<double>(k));
  Value y = matmul(m.in[0], m.leaf(transposed ? Shape{n, k} : Shape{k, n}, scale), {.transpose_b = transposed});
  std::string code = text("matmul(", m.names[0], ", ", m.names.back(), transposed ? ", {.transpose_b = true})" : ")");
  if (m.maybe()) {
    y = y + m.leaf({n}, .3);
    code += " + " + m.names.back();
  }
  if (m.maybe()) {
    const Unary& f = m.one_of<Unary>(kUnary);
    return {f.function(y), text("(", f.name, ")(", code, ")")};
  }
  return {y, code};
}

Made product_of_two(Maker& m) {
  m.need(m.rank() >= 2 && m.rank(1) >= 2 && m.in[0].dtype() == m.in[1].dtype());
  const Shape &a = m.shape(0), &b = m.shape(1);
  MatmulOptions o{.transpose_a = m.maybe(), .transpose_b = m.maybe()};
  const int64_t k = o.transpose_a ? a[a.rank() - 2] : a[a.rank() - 1];
  m.need(k > 0 && k == (o.transpose_b ? b[b.rank() - 1] : b[b.rank() - 2]));
  const float scale = 1 / static_cast<float>(k);
  return {matmul(m.in[0], tanh(m.in[1]), o) * scale,
          text("matmul(", m.names[0], ", tanh(", m.names[1], "), {", o.transpose_a ? "true" : "false", ", ",
               o.transpose_b ? "true" : "false", "}) * ", scale, "f")};
}

// x as planes [N, C, H, W].
std::pair<Value, std::string> planes(Maker& m) {
  m.need(m.rank() >= 2 && m.rank() <= 4 && m.in[0].dtype() == DType::f32 && m.in[0].desc().elements() > 0);
  if (m.rank() == 4) return {m.in[0], m.names[0]};
  std::vector<int64_t> shape(m.shape().begin(), m.shape().end());
  while (shape.size() < 4) shape.insert(shape.begin() + 1, 1);
  return {reshape(m.in[0], Shape(shape)), text("reshape(", m.names[0], ", ", list(shape), ")")};
}

Made convolution(Maker& m) {
  const auto [x, name] = planes(m);
  const int64_t channels = x.shape()[1], height = x.shape()[2], width = x.shape()[3], out = 1 + m.below(6);
  const int64_t kh = 1 + m.below(3), kw = 1 + m.below(3), stride = 1 + m.below(2), padding = m.below(2);
  m.need(channels <= 40 && height + 2 * padding >= kh && width + 2 * padding >= kw && padding < kh && padding < kw);
  const double scale = 1 / std::sqrt(static_cast<double>(channels * kh * kw));
  const Value weight = m.leaf({out, channels, kh, kw}, scale);
  const std::string weight_name = m.names.back();
  Conv2dOptions o{.stride = {stride, stride}, .padding = {padding, padding}};
  Value y;
  std::string code = text("conv2d(", name, ", ", weight_name);
  if (m.maybe()) {
    y = conv2d(x, weight, m.leaf({out}, .3), o);
    code += ", " + m.names.back();
  } else {
    y = conv2d(x, weight, {}, o);
    code += ", {}";
  }
  return {y, text(code, ", {.stride = {", stride, ", ", stride, "}, .padding = {", padding, ", ", padding, "}})")};
}

Made pooling(Maker& m) {
  const auto [x, name] = planes(m);
  const int64_t height = x.shape()[2], width = x.shape()[3];
  switch (m.below(5)) {
    case 0: m.need(height >= 2 && width >= 2); return {max_pool2d(x), text("max_pool2d(", name, ")")};
    case 1:
      m.need(height >= 3 && width >= 3);
      return {avg_pool2d(x, {.kernel = {3, 2}, .stride = {1, 2}, .padding = {1, 1}}),
              text("avg_pool2d(", name, ", {.kernel = {3, 2}, .stride = {1, 2}, .padding = {1, 1}})")};
    case 2: return {global_avg_pool2d(x), text("global_avg_pool2d(", name, ")")};
    case 3: return {adaptive_avg_pool2d(x, {2, 3}), text("adaptive_avg_pool2d(", name, ", {2, 3})")};
    default:
      m.need(height * width <= 64);
      return {upsample(x, {2 * height, width + 1}, {.mode = UpsampleMode::bilinear}),
              text("upsample(", name, ", {", 2 * height, ", ", width + 1, "}, {.mode = UpsampleMode::bilinear})")};
  }
}

Made softmaxed(Maker& m) {
  m.need(m.rank() > 0 && m.in[0].desc().elements() > 0);
  const int64_t axis = m.below(m.rank());
  if (m.maybe()) return {softmax(m.in[0], axis), text("softmax(", m.names[0], ", ", axis, ")")};
  return {tanh(log_softmax(m.in[0], axis)), text("tanh(log_softmax(", m.names[0], ", ", axis, "))")};
}

Made normalised(Maker& m) {
  m.need(m.rank() >= 1 && m.in[0].desc().elements() > 0);
  const int64_t last = m.shape()[m.shape().rank() - 1];
  switch (m.below(4)) {
    case 0: {
      m.need(last >= 3);
      const Value gamma = m.leaf({last}, .5);
      const std::string gamma_name = m.names.back();
      const Value beta = m.leaf({last}, .5);
      return {layer_norm(m.in[0], gamma, beta, {.eps = .1f}),
              text("layer_norm(", m.names[0], ", ", gamma_name, ", ", m.names.back(), ", {.eps = .1f})")};
    }
    case 1: return {rms_norm(m.in[0], {}, {.eps = .1f}), text("rms_norm(", m.names[0], ", {}, {.eps = .1f})")};
    case 2:
      m.need(m.rank() >= 3 && m.shape()[1] % 2 == 0);
      return {group_norm(m.in[0], 2, {}, {}, .1f), text("group_norm(", m.names[0], ", 2, {}, {}, .1f)")};
    default: {
      m.need(m.rank() >= 2);
      const Value gamma = m.leaf({m.shape()[1]}, .5);
      const std::string gamma_name = m.names.back();
      const Value beta = m.leaf({m.shape()[1]}, .5);
      return {batch_norm(m.in[0], gamma, beta, .1f).y,
              text("batch_norm(", m.names[0], ", ", gamma_name, ", ", m.names.back(), ", .1f).y")};
    }
  }
}

Made attention(Maker& m) {
  m.need(m.rank() >= 2 && m.rank() <= 4 && m.in[0].desc().elements() > 0);
  const AttentionOptions o{.causal = m.maybe(), .fused = m.maybe()};
  return {scaled_dot_product_attention(m.in[0], tanh(m.in[0]), m.in[0], o),
          text("scaled_dot_product_attention(", m.names[0], ", tanh(", m.names[0], "), ", m.names[0],
               ", {.causal = ", o.causal ? "true" : "false", ", .fused = ", o.fused ? "true" : "false", "})")};
}

Made indexed(Maker& m) {
  m.need(m.rank() >= 1 && m.in[0].desc().elements() > 0);
  const int64_t rows = m.shape()[0];
  std::vector<int32_t> indices;
  std::string numbers;
  for (int64_t i = 2 + m.below(6); i > 0; --i) {
    indices.push_back(static_cast<int32_t>(m.below(rows + 1) - 1));  // -1: none
    numbers += text(numbers.empty() ? "" : ", ", indices.back());
  }
  const auto count = static_cast<int64_t>(indices.size());
  const Value at = m.graph.constant({{count}, DType::i32}, std::as_bytes(std::span(indices)));
  const std::string at_code = text("graph.constant({{", count,
                                   "}, DType::i32}, std::as_bytes(std::span(std::vector<int32_t>{", numbers, "})))");
  if (m.maybe()) return {gather(m.in[0], at), text("gather(", m.names[0], ", ", at_code, ")")};
  const Value picked = gather(m.in[0], at);
  return {scatter_add(picked, at, rows + 2),
          text("scatter_add(gather(", m.names[0], ", ", at_code, "), ", at_code, ", ", rows + 2, ")")};
}

Made half(Maker& m) {
  const DType types[] = {DType::f16, DType::bf16, DType::f32};
  const DType dtype = m.one_of<DType>(types);
  m.need(is_floating(m.in[0].dtype()) && dtype != m.in[0].dtype());
  return {cast(m.in[0], dtype), text("cast(", m.names[0], ", DType::", to_string(dtype), ")")};
}

Made loss(Maker& m) {
  m.need(m.in[0].dtype() == DType::f32 && m.in[0].desc().elements() > 0);
  if (m.maybe()) {
    const auto [b, code] = partner(m);
    m.need(b.shape() == m.shape());
    return {huber_loss(m.in[0], b, 1, Reduction::none),
            text("huber_loss(", m.names[0], ", ", code, ", 1, Reduction::none)")};
  }
  m.need(m.rank() >= 1);
  return {softmax_cross_entropy(m.in[0], stop_gradient(argmax(m.in[0])), {.reduction = Reduction::none}),
          text("softmax_cross_entropy(", m.names[0], ", stop_gradient(argmax(", m.names[0],
               ")), {.reduction = Reduction::none})")};
}

Made dropped(Maker& m) {
  m.need(is_floating(m.in[0].dtype()));
  return {dropout(m.in[0], step_state(m.graph, 5), .3f, 7),
          text("dropout(", m.names[0], ", step_state(graph, 5), .3f, 7)")};
}

Made recurrent(Maker& m) {
  m.need(m.rank() == 3 && m.in[0].dtype() == DType::f32 && m.in[0].desc().elements() > 0);
  const int64_t features = m.shape()[2], units = 1 + m.below(5), kind = m.below(3);
  const int64_t gates = kind == 0 ? 4 : kind == 1 ? 3 : 1;
  const Value input = m.leaf({gates * units, features}, 1 / std::sqrt(static_cast<double>(features)));
  const std::string input_name = m.names.back();
  const Value hidden = m.leaf({gates * units, units}, .5);
  const char* name = kind == 0 ? "lstm" : kind == 1 ? "gru" : "rnn";
  const RecurrentWeights weights{.input_weight = input, .hidden_weight = hidden};
  const Recurrent r = kind == 0 ? lstm(m.in[0], weights) : kind == 1 ? gru(m.in[0], weights) : rnn(m.in[0], weights);
  return {r.y, text(name, "(", m.names[0], ", {.input_weight = ", input_name, ", .hidden_weight = ", m.names.back(),
                    "}).y")};
}

Made turned(Maker& m) {
  m.need(m.rank() >= 2 && m.shape()[m.shape().rank() - 1] % 2 == 0 && m.in[0].desc().elements() > 0);
  if (m.maybe()) return {swiglu(m.in[0]), text("swiglu(", m.names[0], ")")};
  return {rotary_positions(m.in[0]), text("rotary_positions(", m.names[0], ")")};
}

const Kind kKinds[] = {
    {"leaf", 0, leaf},
    {"unary", 1, unary},
    {"unary", 1, unary},
    {"binary", 2, binary},
    {"binary", 2, binary},
    {"reduction", 1, reduction},
    {"reshape", 1, reshaped},
    {"permute", 1, permuted},
    {"slice", 1, sliced},
    {"join", 2, joined},
    {"pad", 1, padded},
    {"stretch", 1, stretched},
    {"product", 1, product},
    {"product", 1, product},
    {"product of two", 2, product_of_two},
    {"convolution", 1, convolution},
    {"pooling", 1, pooling},
    {"softmax", 1, softmaxed},
    {"normalisation", 1, normalised},
    {"attention", 1, attention},
    {"index", 1, indexed},
    {"half", 1, half},
    {"loss", 2, loss},
    {"dropout", 1, dropped},
    {"recurrent", 1, recurrent},
    {"turn", 1, turned},
};

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

}  // namespace lemnos::random_graphs
