// Products of matrices and vectors, and attention.

#include <algorithm>
#include <cmath>
#include <string>

#include "judges/helpers.h"
#include "judges/tables.h"

namespace lemnos::judges {

namespace {

// beta x + alpha y
Value blended(Args& a, Value x, Value y) { return a.real_number("beta", 1) * x + a.real_number("alpha", 1) * y; }

Value outer(Value a, Value b) { return unsqueeze(a, 1) * unsqueeze(b, 0); }

Value kron(Value a, Value b) {
  const Shape &x = a.shape(), &y = b.shape();
  const Value blocks = reshape(a, Shape{x[0], 1, x[1], 1}) * reshape(b, Shape{1, y[0], 1, y[1]});
  return reshape(blocks, Shape{x[0] * y[0], x[1] * y[1]});
}

Value tensordot(Args& a) {
  const Value x = a[0], y = a[1];
  Axes left, right;
  if (a.json("dims").is_array()) {
    left = a.json("dims")[0].get<Axes>();
    right = a.json("dims")[1].get<Axes>();
  } else {
    const int64_t count = a.integer("dims"), rank = static_cast<int64_t>(x.shape().rank());
    left = integers(count, rank - count);
    right = integers(count);
  }
  Axes kept, order = right, rest;
  int64_t depth = 1;
  for (int64_t i = 0; i < static_cast<int64_t>(x.shape().rank()); ++i)
    if (std::ranges::find(left, i) == left.end()) kept.push_back(i);
  for (int64_t i = 0; i < static_cast<int64_t>(y.shape().rank()); ++i)
    if (std::ranges::find(right, i) == right.end()) order.push_back(i);
  for (int64_t i : kept) rest.push_back(x.shape()[static_cast<size_t>(i)]);
  for (size_t i = right.size(); i < order.size(); ++i) rest.push_back(y.shape()[static_cast<size_t>(order[i])]);
  for (int64_t i : left) depth *= x.shape()[static_cast<size_t>(i)];
  kept.insert(kept.end(), left.begin(), left.end());
  const Value rows = reshape(permute(x, kept), Axes{-1, depth});
  const Value columns = reshape(permute(y, order), Axes{depth, -1});
  return reshape(matmul(rows, columns), rest);
}

// y_k = x W_k z + b_k for W[K, I, J].
Value bilinear(Args& a) {
  const Value x = a[0], z = a[1], w = a.tensor({2, "weight"}), bias = a.tensor_or_none({3, "bias"});
  const Shape& s = w.shape();
  const Value by_x = matmul(reshape(x, Axes{-1, s[1]}), reshape(permute(w, {1, 0, 2}), Shape{s[1], s[0] * s[2]}));
  Axes dims = dims_of(x);
  dims.back() = s[0];
  const Value rows = reshape(by_x, Axes{x.shape().elements() / s[1], s[0], s[2]});
  const Value y = reshape(matmul(rows, reshape(z, Axes{z.shape().elements() / s[2], s[2], 1})), dims);
  return bias ? y + bias : y;
}

Value cross(Args& a) {
  const Value x = a[0], y = a[1];
  int64_t dim = a.integer({2, "dim"}, -1);
  if (dim < 0) dim += static_cast<int64_t>(x.shape().rank());
  return pick(x, dim, {1, 2, 0}) * pick(y, dim, {2, 0, 1}) - pick(x, dim, {2, 0, 1}) * pick(y, dim, {1, 2, 0});
}

Value multi_dot(Args& a) {
  const std::vector<Value> factors = a.tensors(0);
  Value y = factors[0];
  for (size_t i = 1; i < factors.size(); ++i) y = product(y, factors[i]);
  return y;
}

Value inner(Value a, Value b) {
  if (a.shape().rank() == 0 || b.shape().rank() == 0) return a * b;
  if (a.shape().rank() == 1 && b.shape().rank() == 1) return sum(a * b);
  return matmul(a, b, {.transpose_b = true});
}

// Without the axes of 1, as PyTorch has it.
Value covariance_of(Args& a) {
  const Value c = covariance(a[0], {.correction = a.integer({1, "correction"}, 1),
                                    .counts = a.tensor_or_none({2, "fweights"}),
                                    .weights = a.tensor_or_none({3, "aweights"})});
  return c.desc().elements() == 1 ? reshape(c, Shape{}) : c;
}

Value linear_of(Args& a) {
  const Value x = a[0], w = a.tensor({1, "weight"}), bias = a.tensor_or_none({2, "bias"});
  return linear(x, w, bias);
}

Value attention(Args& a) {
  express_if(a.number({4, "dropout_p"}, 0) == 0, "random numbers of PyTorch's generator");
  const Value k = a[1], v = a[2];
  Axes dims = dims_of(k);
  dims[dims.size() - 2] = a[0].shape()[a[0].shape().rank() - 2];
  dims.back() = a[0].shape()[a[0].shape().rank() - 1];
  const Value q = a[0].shape().rank() == k.shape().rank() ? a[0] : broadcast_to(a[0], Shape(dims));
  if (!a.has({3, "attn_mask"}))
    return scaled_dot_product_attention(q, k, v, {.causal = a.flag({5, "is_causal"}, false)});
  a.ignore({5, "is_causal"});
  const float scale = 1 / std::sqrt(static_cast<float>(dims.back()));
  const Value scores = scale * matmul(q, k, {.transpose_b = true}) + a.tensor({3, "attn_mask"});
  return matmul(softmax(scores), v);
}

}  // namespace

// Sums of products are held to their largest element, as the class gemm holds them to |A| |B|.
void add_linear(Table& t) {
  const auto sums = [&](const std::string& name, auto f) { t.add(name, f, kCancelling, kCancelling); };
  const auto binary = [&](const std::string& name, Value (*f)(Value, Value)) {
    sums(name, [f](Args& a) { return f(a[0], a[1]); });
  };
  for (const char* name : {"matmul", "mm", "bmm", "mv"}) binary(name, product);
  binary("dot", [](Value a, Value b) { return sum(a * b); });
  binary("outer", outer);
  binary("kron", kron);
  binary("inner", inner);
  for (const char* name : {"addmm", "addmm.decomposed", "addmv", "baddbmm"})
    sums(name, [](Args& a) { return blended(a, a[0], product(a[1], a[2])); });
  sums("addbmm", [](Args& a) { return blended(a, a[0], sum(matmul(a[1], a[2]), {0})); });
  sums("addr", [](Args& a) { return blended(a, a[0], outer(a[1], a[2])); });
  sums("tensordot", tensordot);
  sums("linalg.multi_dot", multi_dot);
  sums("nn.functional.linear", linear_of);
  sums("nn.functional.bilinear", bilinear);
  sums("nn.functional.scaled_dot_product_attention", attention);
  t.add("cross", cross);
  // Call 37 divides by what twice the weights' squares leave of their sum, .0084 of 1.13: in f32 that is right to 3e-5,
  // PyTorch's own covariance in f32 is as far off, and the weights' gradient divides by it once more.
  const Tolerance divided{3e-5, kCancelling.absolute, kCancelling.of_largest};
  const Tolerance twice{6e-5, kCancelling.absolute, kCancelling.of_largest};
  t.add("cov", covariance_of, divided, twice);
  sums("einsum", [](Args& a) { return einsum(a.word(1), a.tensors(0)); });
  t.none("nn.functional.multi_head_attention_forward", "random numbers of PyTorch's generator");
}

}  // namespace lemnos::judges
