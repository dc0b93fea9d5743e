// y = softmax(scale q k^T) v for q[.., T, D], k[.., S, D], v[.., S, E]; `causal` hides the keys s > t from query t.
// With `heads_inside` the operands are [B, T, H, D] instead of [B, H, T, D]: as linear layers make them, nothing is
// moved. The second output is log(sum(exp(scale q k))) of each query; backward works the weights out again from it.

#include "shaders/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lemnos/ops.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "ops/op_table.h"
#include "reference/attention.h"
#include "reference/unary.h"

namespace lemnos::ops {
namespace {

using reference::AttentionRows;

// Invocations of a workgroup, each with a row of the result in shared memory: 16 KiB hold rows of 128 elements.
constexpr uint32_t kAttentionWorkgroup = 32, kWorkgroupInSoftware = 8;
constexpr int64_t kMostElements = 128;
constexpr int64_t kMostKeyRows = 4 * kMostRounds;  // which one invocation walks, four in a round

// Why the fused kernels cannot take rows of these lengths, or an empty string.
std::string refuse_rows(int64_t elements, int64_t value_elements) {
  for (const int64_t n : {elements, value_elements}) {
    if (n % 4 != 0) return text("rows of ", n, " elements are not a multiple of four");
    if (n > kMostElements)
      return text("rows of ", n, " elements do not fit the shared memory, at most ", kMostElements);
  }
  return {};
}

void require_operands_attention(const Infer& in) {
  const auto attrs = in.attrs<AttentionAttrs>();
  for (size_t i = 0; i < 3; ++i) {
    require_float(in, i);
    require(in.in[i].dtype == in.in[0].dtype, ErrorCode::invalid_argument, in.op.name, ": input ", i, " is ", in.in[i],
            " but input 0 is ", in.in[0]);
  }
  const Shape &q = in.in[0].shape, &k = in.in[1].shape, &v = in.in[2].shape;
  const bool inside = attrs.heads_inside;
  const size_t rank = q.rank();
  require(rank >= 2 && k.rank() == rank && v.rank() == rank && (!inside || rank == 4), ErrorCode::shape_mismatch,
          in.op.name, ": q ", q, ", k ", k, " and v ", v, " take as many axes, ", inside ? "4" : "2 at least");
  const size_t position = inside ? 1 : rank - 2;
  for (size_t i = 0; i < rank; ++i)
    require((i == position || q[i] == k[i] || i + 1 == rank) && (k[i] == v[i] || i + 1 == rank),
            ErrorCode::shape_mismatch, in.op.name, ": q ", q, ", k ", k, " and v ", v, " differ at axis ", i);
  require(q[rank - 1] == k[rank - 1], ErrorCode::shape_mismatch, in.op.name, ": q ", q, " has rows of ", q[rank - 1],
          ", k ", k, " of ", k[rank - 1]);
  require(k[position] > 0, ErrorCode::shape_mismatch, in.op.name, ": k ", k, " has no positions to attend to");
  const std::string refusal = refuse_rows(q[rank - 1], v[rank - 1]);
  require(refusal.empty(), ErrorCode::unsupported, in.op.name, ": ", refusal);
}

std::vector<TensorDesc> infer_attention(const Infer& in) {
  require_inputs(in, 3);
  require_operands_attention(in);
  const Shape& q = in.in[0].shape;
  const size_t last = q.rank() - 1;
  return {{q.with(last, in.in[2].shape[last]), in.in[0].dtype}, {q.without(last), DType::f32}};
}

// Inputs q, k, v, dy, logs, sum(dy y); outputs dq, dk, dv.
std::vector<TensorDesc> infer_attention_backward(const Infer& in) {
  require_inputs(in, 6);
  require_operands_attention(in);
  return {in.in[0], in.in[1], in.in[2]};
}

shaders::AttentionParams params_of_attention(const AttentionRows& own, const AttentionRows& other, double scale) {
  const auto u32 = [](int64_t v) { return static_cast<uint32_t>(v); };
  return {.rows = u32(own.positions),
          .others = u32(other.positions),
          .heads = u32(own.heads),
          .groups = u32(own.batches * own.heads),
          .own_batch = u32(own.batch_step()),
          .own_head = u32(own.head_step()),
          .own_row = u32(own.row_step()),
          .other_batch = u32(other.batch_step()),
          .other_head = u32(other.head_step()),
          .other_row = u32(other.row_step()),
          .scale = static_cast<float>(scale)};
}

shaders::AttentionSpec spec_of_attention(const Lower& c) {
  const auto attrs = c.attrs<AttentionAttrs>();
  const Shape &q = c.in(0).shape, &v = c.in(2).shape;
  for (size_t i = 0; i < c.inputs(); ++i) count32(c.in(i), c.node().op->name);
  return {.workgroup_size = c.caps.software ? kWorkgroupInSoftware : kAttentionWorkgroup,
          .format = format_of(c.in(0).dtype),
          .quads = static_cast<uint32_t>(q[q.rank() - 1] / 4),
          .value_quads = static_cast<uint32_t>(v[v.rank() - 1] / 4),
          .causal = attrs.causal};
}

uint64_t groups_of(const shaders::AttentionParams& p, const shaders::AttentionSpec& s) {
  return divide_up(p.rows, s.workgroup_size) * p.groups;
}

std::vector<Dispatch> lower_attention(Lower& c) {
  if (c.out().elements() == 0) return {};
  const bool inside = c.attrs<AttentionAttrs>().heads_inside;
  const AttentionRows q = AttentionRows::of(c.in(0).shape, inside), k = AttentionRows::of(c.in(1).shape, inside);
  const shaders::AttentionSpec spec = spec_of_attention(c);
  const shaders::AttentionParams params =
      params_of_attention(q, k, reference::attention_scale(c.attrs<AttentionAttrs>(), c.in(0).shape));
  const uint64_t pairs = uint64_t{params.groups} * params.rows * params.others / (spec.causal ? 2 : 1);
  return {{.kernel = &c.kernel("attention"),
           .tensors = {in_words(c.x(0)), in_words(c.x(1)), in_words(c.x(2)), in_words(c.y(0)), c.y(1)},
           .spec = spec,
           .params = params,
           .groups = groups_of(params, spec),
           .cost = {c.in(0).bytes() + c.in(1).bytes() + c.in(2).bytes() + c.out().bytes(),
                    pairs * 8 * (spec.quads + spec.value_quads)}}};
}

std::vector<Dispatch> lower_attention_backward(Lower& c) {
  const bool inside = c.attrs<AttentionAttrs>().heads_inside;
  const AttentionRows q = AttentionRows::of(c.in(0).shape, inside), k = AttentionRows::of(c.in(1).shape, inside);
  const double scale = reference::attention_scale(c.attrs<AttentionAttrs>(), c.in(0).shape);
  std::vector<Dispatch> list;
  for (const uint32_t part : {ATTENTION_QUERY, ATTENTION_KEY, ATTENTION_VALUE}) {
    if (c.out(part).elements() == 0) continue;
    shaders::AttentionSpec spec = spec_of_attention(c);
    spec.part = part;
    const bool queries = part == ATTENTION_QUERY;
    const shaders::AttentionParams params = params_of_attention(queries ? q : k, queries ? k : q, scale);
    const uint64_t pairs = uint64_t{params.groups} * params.rows * params.others / (spec.causal ? 2 : 1);
    list.push_back(
        {.kernel = &c.kernel("attention_backward"),
         .tensors = {in_words(c.x(0)), in_words(c.x(1)), in_words(c.x(2)), in_words(c.x(3)), c.x(4), c.x(5),
                     in_words(c.y(part))},
         .spec = spec,
         .params = params,
         .groups = groups_of(params, spec),
         .cost = {4 * c.in(0).bytes() + c.out(part).bytes(), pairs * 8 * (2 * spec.quads + spec.value_quads)}});
  }
  return list;
}

std::vector<Value> grad_attention(Grad& g);
std::vector<Value> decompose_attention(Graph& graph, const Node& node);
Primal primal_attention(Graph& graph, const Node& node);

const OpDef kAttentionOps[] = {
    {.name = "attention",
     .infer = infer_attention,
     .grad = grad_attention,
     .lower = lower_attention,
     .attrs = attrs_of<AttentionAttrs>,
     .decompose = decompose_attention},
    {.name = "attention_backward",
     .infer = infer_attention_backward,
     .lower = lower_attention_backward,
     .reference = reference::attention_backward,
     .attrs = attrs_of<AttentionAttrs>,
     .primal = primal_attention},
};

std::vector<Value> grad_attention(Grad& g) {
  require(!g.dy(1), ErrorCode::unsupported, "attention: has no gradient of its logarithms");
  const Value inner = sum(cast(g.dy(), DType::f32) * cast(g.out(), DType::f32), {-1});
  const std::array inputs{g.in(0), g.in(1), g.in(2), g.dy(), g.out(1), inner};
  return g.graph.add_all(kAttentionOps[1], inputs, g.self().attrs);
}

Value swapped(Value x) {
  return permute(x, x.shape().rank() == 4 ? std::vector<int64_t>{0, 2, 1, 3} : std::vector<int64_t>{0, 2, 1});
}

/// scale q k^T as [.., T, S], whichever way the operands lie; -infinity where a key is hidden. Either factor takes its
/// half of the scale, so that the product of halves does not leave the range that the scores stay in.
Value scores_of(Value q, Value k, const AttentionOptions& o) {
  const double scale = reference::attention_scale({.scale = o.scale}, q.shape());  // in double, as backward has it
  const auto scaled = [&](Value v, double by) { return v.graph().add(find_op("affine"), {v}, UnaryAttrs{.a = by}); };
  q = scaled(q, std::copysign(std::sqrt(std::abs(scale)), scale));
  k = scaled(k, std::sqrt(std::abs(scale)));
  if (o.heads_inside) {
    q = swapped(q);
    k = swapped(k);
  }
  const Value scores = matmul(q, k, {.transpose_b = true});
  if (!o.causal) return scores;
  const int64_t rows = scores.shape()[scores.shape().rank() - 2], others = scores.shape()[scores.shape().rank() - 1];
  std::vector<float> hidden(static_cast<size_t>(rows * others));
  for (int64_t t = 0; t < rows; ++t)
    for (int64_t s = t + 1; s < others; ++s)
      hidden[static_cast<size_t>(t * others + s)] = -std::numeric_limits<float>::infinity();
  return scores + cast(q.graph().constant({rows, others}, hidden), q.dtype());
}

Value weighted(Value scores, Value v, const AttentionOptions& o) {
  return o.heads_inside ? swapped(matmul(softmax(scores), swapped(v))) : matmul(softmax(scores), v);
}

AttentionOptions options_of(const Node& node) {
  const auto attrs = node.attrs.as<AttentionAttrs>();
  return {.causal = attrs.causal, .scale = static_cast<float>(attrs.scale), .heads_inside = attrs.heads_inside};
}

std::vector<Value> decompose_attention(Graph& graph, const Node& node) {
  const auto in = [&](size_t i) { return Value(&graph, node.inputs[i]); };
  const AttentionOptions o = options_of(node);
  const Value scores = scores_of(in(0), in(1), o);
  const Value logs =
      cast(log(sum(exp(scores - reduce_max(scores, {-1}, true)), {-1})) + reduce_max(scores, {-1}), DType::f32);
  return {weighted(scores, in(2), o), o.heads_inside ? swapped(logs) : logs};
}

Primal primal_attention(Graph& graph, const Node& node) {
  const auto in = [&](size_t i) { return Value(&graph, node.inputs[i]); };
  const AttentionOptions o = options_of(node);
  return {.y = {weighted(scores_of(in(0), in(1), o), in(2), o)}, .dy = {in(3)}, .x = {in(0), in(1), in(2)}};
}

}  // namespace

std::span<const OpDef> attention_ops() { return kAttentionOps; }

Value attend(Value q, Value k, Value v, const AttentionOptions& o) {
  require(q.shape().rank() >= 2 && v.shape().rank() >= 2, ErrorCode::shape_mismatch, "attention: q ", q.desc(),
          " and v ", v.desc(), " take two axes at least");
  const int64_t elements = q.shape()[q.shape().rank() - 1], value_elements = v.shape()[v.shape().rank() - 1];
  const size_t along = q.shape().rank() - (o.heads_inside ? 3 : 2);
  const bool too_many =
      k.shape().rank() == q.shape().rank() && std::max(q.shape()[along], k.shape()[along]) > kMostKeyRows;
  if (!o.fused || too_many || !refuse_rows(elements, value_elements).empty())
    return weighted(scores_of(q, k, o), v, o);  // by smaller ops
  const std::array inputs{q, k, v};
  return q.graph().add_all(kAttentionOps[0], inputs,
                           AttentionAttrs{.causal = o.causal, .heads_inside = o.heads_inside, .scale = o.scale})[0];
}

}  // namespace lemnos::ops

namespace lemnos {
Value scaled_dot_product_attention(Value q, Value k, Value v, AttentionOptions options) {
  return ops::attend(q, k, v, options);
}
}  // namespace lemnos
