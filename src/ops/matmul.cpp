// C[.., M, N] = f(alpha A[.., M, K] B[.., K, N] + bias[N] + beta R[.., M, N]), or (alpha A B + bias) f'(S[.., M, N]);
// A may be stored [.., K, M] and B [.., N, K]; leading axes broadcast. f is a function of shaders/unary.h by its
// number. Where `dropout` is above 0, elements of C are dropped as dropout.cpp does it. Inputs: A, B, then bias, R or
// S, and the step state, each where the attributes say so. Where `row_sums` is set, of one product only, a second
// output is the sum of A's rows over K: with A = dy^T, as the gradient of a weight has it, that is the gradient of a
// bias.
//
//   dA = dC B^T    dB = A^T dC    dbias = sum of dC over rows    dR = beta dC    with dC = alpha mask dy f'(..)
//
// by further products with other transposes: nothing is transposed in memory.

#include "ops/matmul.h"
#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/epilogue.h"
#include "ops/lowering.h"
#include "ops/products.h"
#include "ops/step_state.h"
#include "reference/dropout.h"
#include "shaders/matmul.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_matmul(const Infer& in) {
  const auto attrs = in.attrs<MatmulAttrs>();
  const ProductInputs at(attrs);
  const int64_t extra = attrs.extra, activation = attrs.activation;
  const double dropped = attrs.dropout;
  require_inputs(in, at.count);
  require(dropped >= 0 && dropped < 1, ErrorCode::invalid_argument, in.op.name, ": dropout ", dropped,
          " is outside [0, 1)");
  if (at.state) require_state(in, at.state);
  for (size_t i = 0; i < in.in.size(); ++i) {
    if (at.state && i == at.state) continue;
    require_float(in, i);
    require(in.in[i].dtype == in.in[0].dtype, ErrorCode::invalid_argument, in.op.name, ": input ", i, " is ", in.in[i],
            " but input 0 is ", in.in[0]);
  }
  const Shape &a = in.in[0].shape, &b = in.in[1].shape;
  require(a.rank() >= 2 && b.rank() >= 2, ErrorCode::shape_mismatch, in.op.name, ": A ", a, " and B ", b,
          " need two axes at least");
  const bool transpose_a = attrs.transpose_a, transpose_b = attrs.transpose_b;
  const int64_t k = transpose_a ? stored_rows(a) : stored_columns(a);
  const int64_t other = transpose_b ? stored_columns(b) : stored_rows(b);
  require(k == other, ErrorCode::shape_mismatch, in.op.name, ": A ", a, transpose_a ? " transposed" : "", " has ", k,
          " columns, B ", b, transpose_b ? " transposed" : "", " has ", other, " rows");
  const int64_t m = transpose_a ? stored_columns(a) : stored_rows(a);
  const int64_t n = transpose_b ? stored_rows(b) : stored_columns(b);
  const Shape batches[] = {batch_of(a), batch_of(b)};
  const std::string who = batches[0] == batches[1] ? in.op.name : text(in.op.name, ": A ", a, " and B ", b);
  const Shape batch = broadcast(batches[0], batches[1], who.c_str()), c = batch.appended(m).appended(n);
  const size_t alternating = axes_left(batch, batches);
  require(alternating <= kMostBatchAxes, ErrorCode::unsupported, in.op.name, ": the leading axes of A ", a, " and B ",
          b, " alternate ", alternating, " times, the limit of a kernel is ", kMostBatchAxes);
  require(!at.bias || in.in[at.bias].shape == Shape{n}, ErrorCode::shape_mismatch, in.op.name, ": bias ",
          in.in[at.bias], " does not fit the columns of C ", c);
  require(!at.extra || in.in[at.extra].shape == c, ErrorCode::shape_mismatch, in.op.name, ": input ", at.extra, ' ',
          in.in[at.extra], " is not as C ", c);
  require(activation >= 0 && activation < UNARY_EPILOGUES && extra >= 0 && extra <= MATMUL_EXTRA_SLOPE,
          ErrorCode::invalid_argument, in.op.name, ": no activation ", activation, " or extra ", extra);
  if (!attrs.row_sums) return {{c, in.in[0].dtype}};
  require(c.rank() == 2, ErrorCode::shape_mismatch, in.op.name, ": sums of rows of a batch of products C ", c);
  return {{c, in.in[0].dtype}, {{m}, in.in[0].dtype}};
}

std::vector<Value> grad_matmul(Grad& g);
std::vector<Value> decompose_matmul(Graph& graph, const Node& node);

// Rows of C come from rows of A: of one product where A is not transposed, of many always. What the epilogue reads
// beside C goes along; B and the bias stay whole where they serve all.
uint32_t matmul_by_rows(const Lower& c) {
  const auto attrs = c.attrs<MatmulAttrs>();
  if (attrs.dropout > 0) return 0;  // an element's bits go by its place in the whole
  const size_t rank = c.out().shape.rank();
  if (rank > 2) return rows_of_output(c);
  if (rank < 2 || attrs.transpose_a || c.outputs() > 1) return 0;
  return 1u | (rows_of_output(c) & ~3u);
}

const OpDef kMatmulOps[] = {{"matmul",
                             infer_matmul,
                             grad_matmul,
                             lower_product,
                             reference::matmul,
                             attrs_of<MatmulAttrs>,
                             kProductVariants,
                             {},
                             {},
                             {},
                             decompose_matmul,
                             matmul_by_rows}};

Value product_matmul(Value a, Value b, bool transpose_a, bool transpose_b, double alpha) {
  return a.graph().add(kMatmulOps[0], {a, b},
                       MatmulAttrs{.transpose_a = transpose_a, .transpose_b = transpose_b, .alpha = alpha});
}

Value masked(Value x, Value state, const MatmulAttrs& attrs) {
  return x.graph().add(find_op("dropout"), {x, state},
                       DropoutAttrs{.rate = attrs.dropout, .seed = attrs.seed, .stream = attrs.stream});
}
Value scaled(Value x, double factor) {
  return factor == 1 ? x : x.graph().add(find_op("affine"), {x}, UnaryAttrs{.a = factor});
}

bool is_plain(const MatmulAttrs& attrs) {
  return ProductInputs(attrs).count == 2 && attrs.activation == UNARY_IDENTITY && attrs.alpha == 1 && !attrs.row_sums;
}

std::vector<Value> decompose_matmul(Graph& graph, const Node& node) {
  const auto attrs = node.attrs.as<MatmulAttrs>();
  if (is_plain(attrs)) return {};
  const ProductInputs at(attrs);
  const auto in = [&](size_t i) { return Value(&graph, node.inputs[i]); };
  Value c = scaled(product_matmul(in(0), in(1), attrs.transpose_a, attrs.transpose_b, 1), attrs.alpha);
  if (at.bias) c = add(c, in(at.bias));
  if (attrs.extra == MATMUL_EXTRA_RESIDUAL) c = add(c, scaled(in(at.extra), attrs.beta));
  c = attrs.extra == MATMUL_EXTRA_SLOPE ? with_slope(in(at.extra), c, attrs) : with_function(c, attrs);
  if (at.state) c = masked(c, in(at.state), attrs);
  if (!attrs.row_sums) return {c};
  return {c, sum(in(0), {attrs.transpose_a ? 0 : 1})};
}

// The gradient of the sum in front of the function. Where f' is a function of x, the sum is computed again.
Value grad_of_sum_matmul(Grad& g) {
  const auto attrs = g.attrs<MatmulAttrs>();
  const ProductInputs at(attrs);
  require(g.self().outputs.size() == 1 || !g.dy(1), ErrorCode::unsupported,
          "matmul: has no gradient of the sums of A's rows");
  Value dy = g.dy(), saved = g.out();
  if (at.state) dy = masked(dy, g.in(at.state), attrs);
  if (attrs.activation == UNARY_IDENTITY) return dy;
  if (attrs.extra == MATMUL_EXTRA_SLOPE) {
    require(!g.needs(at.extra), ErrorCode::unsupported, "matmul: has no gradient of a slope");
    saved = g.in(at.extra);
  } else {
    const bool of_output = epilogue_function(attrs).slope_of_output;
    MatmulAttrs plain = attrs;
    plain.dropout = 0;
    plain.row_sums = false;
    if (!of_output) plain.activation = UNARY_IDENTITY;
    std::vector<Value> inputs;
    for (size_t i = 0; i < g.inputs(); ++i)
      if (!at.state || i != at.state) inputs.push_back(g.in(i));
    if (!of_output || at.state) saved = g.graph.add_all(kMatmulOps[0], inputs, plain)[0];
  }
  return with_slope(saved, dy, attrs);
}

Value by_rows(Value x) {
  return reshape(x, Shape{x.shape().elements() / stored_columns(x.shape()), stored_columns(x.shape())});
}

Value grad_b(Value a, Value b, Value dc, bool transpose_a, bool transpose_b, double alpha) {
  if (batch_of(b.shape()).elements() == 1 && !transpose_a && a.desc().elements() > 0 && dc.desc().elements() > 0) {
    // One B for all batches: their rows make one long product, whose K is all of them.
    a = by_rows(a);
    dc = by_rows(dc);
  }
  const Value db =
      transpose_b ? product_matmul(dc, a, true, transpose_a, alpha) : product_matmul(a, dc, !transpose_a, false, alpha);
  return db.shape().rank() < b.shape().rank() ? reshape(db, b.shape()) : sum_to(db, b.shape());
}

std::vector<Value> grad_matmul(Grad& g) {
  const auto attrs = g.attrs<MatmulAttrs>();
  const bool ta = attrs.transpose_a, tb = attrs.transpose_b;
  const double alpha = attrs.alpha;
  const Value a = g.in(0), b = g.in(1), dc = grad_of_sum_matmul(g);
  std::vector<Value> gradients(g.inputs());
  if (g.needs(0)) {
    const Value da = ta ? product_matmul(b, dc, tb, true, alpha) : product_matmul(dc, b, false, !tb, alpha);
    gradients[0] = sum_to(da, a.shape());
  }
  if (g.needs(1)) gradients[1] = grad_b(a, b, dc, ta, tb, alpha);
  const ProductInputs at(attrs);
  if (at.bias && g.needs(at.bias)) {
    std::vector<int64_t> axes;
    for (size_t i = 0; i + 1 < dc.shape().rank(); ++i) axes.push_back(static_cast<int64_t>(i));
    gradients[at.bias] = sum(dc, axes);
  }
  if (attrs.extra == MATMUL_EXTRA_RESIDUAL && g.needs(at.extra)) gradients[at.extra] = scaled(dc, attrs.beta);
  return gradients;
}

}  // namespace

std::span<const OpDef> matmul_ops() { return kMatmulOps; }
Value plain_product(Value a, Value b, const MatmulOptions& o) {
  const Shape x = a.shape(), y = b.shape();
  if (x.rank() > 2 && y.rank() > 2 && batch_of(x) != batch_of(y)) {
    const Shape batches[] = {batch_of(x), batch_of(y)},
                batch = broadcast(batches[0], batches[1], text("matmul: A ", x, " and B ", y).c_str());
    if (axes_left(batch, batches) > kMostBatchAxes) {
      a = broadcast_to(a, batch.appended(x[x.rank() - 2]).appended(x[x.rank() - 1]));
      b = broadcast_to(b, batch.appended(y[y.rank() - 2]).appended(y[y.rank() - 1]));
    }
  }
  return product_matmul(a, b, o.transpose_a, o.transpose_b, 1);
}

Value product_and_rest(Value a, Value b, double alpha, Value r, double beta) {
  return a.graph().add(kMatmulOps[0], {a, b, r},
                       MatmulAttrs{.extra = MATMUL_EXTRA_RESIDUAL, .alpha = alpha, .beta = beta});
}

}  // namespace lemnos::ops

namespace lemnos {

Value matmul(Value a, Value b, MatmulOptions options) { return ops::plain_product(a, b, options); }

Value linear(Value x, Value weight, Value bias) {
  require(x.shape().rank() >= 1 && weight.shape().rank() == 2, ErrorCode::shape_mismatch, "linear: x ", x.shape(),
          " needs one axis at least and weight ", weight.shape(), " two");
  const int64_t features = x.shape()[x.shape().rank() - 1];
  require(features == weight.shape()[1], ErrorCode::shape_mismatch, "linear: x ", x.shape(), " has ", features,
          " features, weight ", weight.shape(), " takes ", weight.shape()[1]);
  const bool vector = x.shape().rank() == 1;
  Value y = matmul(vector ? reshape(x, Shape{1, x.shape()[0]}) : x, weight, {.transpose_b = true});
  if (vector) y = reshape(y, Shape{weight.shape()[0]});
  if (!bias) return y;
  require(bias.shape() == Shape{weight.shape()[0]}, ErrorCode::shape_mismatch, "linear: bias ", bias.shape(),
          " does not fit weight ", weight.shape());
  return add(y, bias);
}

}  // namespace lemnos
