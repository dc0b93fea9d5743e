// A whole network of narrow layers in one launch, and its gradient in two: h = f([h, 1] W) for `hidden` layers of
// `width` units, then y = [h, 1] W. Values between the layers stay on the chip; the hidden layers are kept for
// backward.

#include <algorithm>

#include "lemnos/ops.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "ops/matrix_unit.h"
#include "reference/mlp.h"
#include "shaders/mlp.h"
#include "shaders/reduce_columns.h"

namespace lemnos::ops {
namespace {

constexpr int64_t kMostUnits = 128;
// A GPU has a full workgroup, each invocation with four rows, and tiles of 8 KiB, of which backward has two; a software
// driver as many invocations as there are groups of four units, so that all read the same rows, and tiles as large as
// it has memory for.
constexpr uint32_t kMlpWorkgroup = 128, kTileBytes = 8192, kMostTileBytes = 16384;

// The extents of a network.
struct Extents {
  int64_t ins, width, hidden, outs;
  Extents(const Shape& x, const MlpNetwork& network)
      : ins(x[x.rank() - 1]), width(network.width), hidden(network.hidden), outs(network.out) {}
  int64_t weights() const { return fused_mlp_weights(ins, {.width = width, .hidden = hidden, .out = outs}); }
};

uint32_t activation_of(std::string_view word) {
  if (word == "relu") return MLP_RELU;
  if (word == "sigmoid") return MLP_SIGMOID;
  require(word == "tanh", ErrorCode::invalid_argument, "mlp: no activation '", word,
          "'; there are relu, sigmoid and tanh");
  return MLP_TANH;
}

Extents require_network(const Infer& in) {
  require_float(in, 0);
  const Shape& x = in.in[0].shape;
  require(x.rank() >= 2, ErrorCode::shape_mismatch, in.op.name, ": x is ", in.in[0],
          ", it takes a batch axis and a feature axis");
  const auto network = in.attrs<MlpNetwork>();
  const Extents e(x, network);
  activation_of(network.activation);
  require(e.ins > 0, ErrorCode::shape_mismatch, in.op.name, ": x is ", in.in[0], ", it takes a feature at least");
  require(in.in[1] == TensorDesc{{e.weights()}, in.in[0].dtype}, ErrorCode::shape_mismatch, in.op.name,
          ": weights are ", in.in[1], ", ", e.ins, " features through ", e.hidden, " layers of ", e.width, " to ",
          e.outs, " take ", TensorDesc{{e.weights()}, in.in[0].dtype});
  return e;
}

std::vector<TensorDesc> infer_mlp(const Infer& in) {
  require_inputs(in, 2);
  const Extents e = require_network(in);
  const Shape& x = in.in[0].shape;
  std::vector<TensorDesc> out = {{x.with(x.rank() - 1, e.outs), in.in[0].dtype}};
  if (in.attrs<MlpAttrs>().keep_hidden) out.push_back({{e.hidden, x.elements() / e.ins, e.width}, in.in[0].dtype});
  return out;
}

// Inputs x, weights, the hidden layers, dy; outputs the gradients of the weights, and of x where it is wanted.
std::vector<TensorDesc> infer_mlp_backward(const Infer& in) {
  require_inputs(in, 4);
  require_network(in);
  std::vector<TensorDesc> out = {in.in[1]};
  if (in.attrs<MlpBackwardAttrs>().has_dx) out.push_back(in.in[0]);
  return out;
}

struct MlpLaunch {
  shaders::MlpSpec spec;
  shaders::MlpParams params;
  uint64_t weights;  // elements
  uint64_t flops;    // of one pass
};

MlpLaunch launch_of_mlp(Lower& c, bool backward) {
  const Extents e(c.in(0).shape, c.attrs<MlpNetwork>());
  const auto quads = static_cast<uint32_t>(e.width / 4);
  const bool software = c.caps.software;
  for (size_t i = 0; i < c.inputs(); ++i) count32(c.in(i), c.node().op->name);
  for (size_t i = 0; i < c.outputs(); ++i) count32(c.out(i), c.node().op->name);
  MlpLaunch l{.spec = {.workgroup_size = software ? quads : kMlpWorkgroup,
                       .format = format_of(c.in(0).dtype),
                       .ins = static_cast<uint32_t>(e.ins),
                       .quads = quads,
                       .hidden_layers = static_cast<uint32_t>(e.hidden),
                       .outs = static_cast<uint32_t>(e.outs),
                       .activation = activation_of(c.attrs<MlpNetwork>().activation),
                       .each = software ? 8u : 4u,
                       .blocks = software ? 1 : kMlpWorkgroup / quads},
              .params = {.rows = as_rows(c.in(0).shape).rows},
              .weights = static_cast<uint64_t>(e.weights()),
              .flops = 0};
  const uint32_t tile = software ? std::min(c.caps.max_shared_memory / 2, kMostTileBytes) : kTileBytes;
  if (backward) l.spec.turns = std::max(1u, tile / (16 * quads * l.spec.each * l.spec.blocks));
  l.params.tiles = static_cast<uint32_t>(divide_up(l.params.rows, l.spec.each * l.spec.blocks * l.spec.turns));
  l.params.weights = static_cast<uint32_t>(divide_up(l.weights, 4) * 4);
  l.flops = 2 * l.weights * l.params.rows;
  return l;
}

// On the matrix unit
// -------------------------------------------------------------------------------------------------------------------
constexpr uint32_t kSubgroups = 4, kMostTileRows = 128;
constexpr uint32_t kMostShared = 48 << 10;  // more than one workgroup shall fit, and some devices have no more
constexpr uint32_t kMostFragments = 8;      // of sums that a subgroup keeps in registers

// Units of a layer in whole fragments, and the same with the one behind them that meets the bias.
uint32_t padded_units(const Extents& e) { return static_cast<uint32_t>(divide_up(e.width, 16) * 16); }
uint32_t padded_depth(const Extents& e) { return static_cast<uint32_t>((e.width + 16) / 16 * 16); }

// How a tile of `rows` is cut, in the words of the kernel.
struct Cut {
  uint32_t rows, slice, across, fragments, shared;
};
Cut cut_of(const Extents& e, const Fragment& f, uint32_t rows, bool backward) {
  const uint32_t units = padded_units(e), depth = padded_depth(e), columns = units / f.n;
  Cut cut{.rows = rows, .across = columns >= 4 ? 4u : columns >= 2 ? 2u : 1u};
  constexpr uint32_t kMostSlice = 12 << 10;
  cut.slice = depth;  // all of it, or the largest part of equal ones that leaves room for tiles
  while (cut.slice > 16 && (depth % cut.slice || units * cut.slice * 2 > kMostSlice)) cut.slice -= 16;
  cut.fragments =
      static_cast<uint32_t>(divide_up(rows / f.m, kSubgroups / cut.across) * divide_up(columns, cut.across));
  cut.shared = (backward ? 2 : 1) * rows * (depth + 8) * 2 + units * (cut.slice + 8) * 2 + kSubgroups * f.m * f.n * 4;
  return cut;
}
// The largest tile that the device holds; rows = 0: none.
Cut best_cut(const Lower& c, bool backward) {
  const Extents e(c.in(0).shape, c.attrs<MlpNetwork>());
  const Fragment f = fragment_of(c.caps, c.out().dtype);
  // A software driver, which is only ever forced to this, compiles what a large tile unrolls for half a minute.
  for (uint32_t rows = c.caps.software ? 16 : kMostTileRows; rows >= 16; rows /= 2) {
    const Cut cut = cut_of(e, f, rows, backward);
    if (cut.shared <= std::min(c.caps.max_shared_memory, kMostShared) && cut.fragments <= kMostFragments) return cut;
  }
  return {};
}

std::string refuse_cooperative_mlp(const Lower& c, bool backward) {
  if (std::string why = refuse_matrix_unit(c, "mlp_cooperative"); !why.empty()) return why;
  const Extents e(c.in(0).shape, c.attrs<MlpNetwork>());
  const Fragment f = fragment_of(c.caps, c.out().dtype);
  if (e.ins > e.width || e.outs > e.width)
    return text(e.ins, " features and ", e.outs, " outputs are more than a layer's ", e.width);
  if (16 % f.m || 16 % f.n || 16 % f.k) return text("fragments of ", f.m, "x", f.n, "x", f.k, " do not divide 16");
  if (kSubgroups * c.caps.subgroup_size > c.caps.max_workgroup_invocations)
    return text("needs ", kSubgroups * c.caps.subgroup_size, " invocations, the device has ",
                c.caps.max_workgroup_invocations);
  if (best_cut(c, backward).rows == 0)
    return text("needs ", cut_of(e, f, 16, backward).shared, " bytes of shared memory, the device has ",
                c.caps.max_shared_memory);
  return c.forced() || !c.caps.software ? "" : "a software driver has no matrix unit";
}
std::string refuse_forward(const Lower& c) { return refuse_cooperative_mlp(c, false); }
std::string refuse_backward(const Lower& c) { return refuse_cooperative_mlp(c, true); }

bool is_cooperative(const Lower& c) { return std::string_view(c.variant()) == "cooperative"; }

// The same launch with tiles of the matrix unit, and what its kernel is called.
std::string make_cooperative(const Lower& c, MlpLaunch& l, const char* stem, bool backward) {
  const Fragment f = fragment_of(c.caps, c.out().dtype);
  const Cut cut = best_cut(c, backward);
  l.spec.workgroup_size = kSubgroups * c.caps.subgroup_size;
  l.spec.each = 16;
  l.spec.blocks = 1;
  l.spec.turns = cut.rows / 16;
  l.spec.fragment_m = f.m;
  l.spec.fragment_n = f.n;
  l.spec.fragment_k = f.k;
  l.spec.subgroups = kSubgroups;
  l.spec.across = cut.across;
  l.spec.slice = cut.slice;
  l.params.tiles = static_cast<uint32_t>(divide_up(l.params.rows, cut.rows));
  return kernel_name(stem, c.out().dtype, c.caps);
}
uint32_t required_subgroup(const Lower& c) {
  return is_cooperative(c) && c.caps.subgroup_size_control ? c.caps.subgroup_size : 0;
}

std::vector<Dispatch> lower_mlp(Lower& c) {
  if (c.out().elements() == 0) return {};
  MlpLaunch l = launch_of_mlp(c, false);
  const std::string kernel = is_cooperative(c) ? make_cooperative(c, l, "mlp_cooperative", false) : "mlp";
  const bool keeps = c.outputs() > 1;
  l.spec.extra = keeps;
  l.params.groups = l.params.tiles;
  return {{.kernel = &c.kernel(kernel),
           .tensors = {in_words(c.x(0)), in_words(c.x(1)), in_words(c.y(0)), in_words(c.y(keeps ? 1 : 0))},
           .spec = l.spec,
           .params = l.params,
           .groups = l.params.groups,
           .cost = {c.in(0).bytes() + c.in(1).bytes() + c.out().bytes() + (keeps ? c.out(1).bytes() : 0), l.flops},
           .subgroup_size = required_subgroup(c)}};
}

// The copies of the weights' gradients, added up in order.
Dispatch gather_copies(Lower& c, const MlpLaunch& l, TensorRef copies) {
  const bool wide = l.weights % 4 == 0, half = size_of(c.out().dtype) == 2;
  const shaders::ReduceColumnsSpec spec{.workgroup_size = 64,
                                        .kind = REDUCE_SUM,
                                        .finish = REDUCE_FINISH_NONE,
                                        .format = FORMAT_F32,
                                        .result_format = format_of(c.out().dtype),
                                        .wide = wide,
                                        .layout_of = REDUCE_LAYOUT_INNER};
  return {.kernel = &c.kernel("reduce_columns"),
          .tensors = {copies, in_words(c.y(0))},
          .spec = spec,
          .params = shaders::ReduceColumnsParams{.outputs = static_cast<uint32_t>(l.weights),
                                                 .inner = l.params.weights,
                                                 .inner_multiplier = 0,
                                                 .inner_shift = 0,
                                                 .depth = l.params.groups,
                                                 .chunks = 1,
                                                 .chunk_depth = l.params.groups,
                                                 .divisor = 1},
          .groups = divide_up(divide_up(l.weights, wide || half ? 4 : 1), spec.workgroup_size),
          .cost = {copies.bytes + c.out().bytes(), l.weights * l.params.groups}};
}

// Tiles that a workgroup walks in one launch. An invocation walks a tile's rows once for each group of four that it
// owns of a matrix, and the matrices once for each turn.
uint64_t most_tiles(const shaders::MlpSpec& s) {
  const uint64_t rows = uint64_t{s.each} * s.blocks * s.turns, fours = divide_up(s.ins, 4);
  const uint64_t by_rows =
      divide_up((s.quads + 1) * s.outs, s.workgroup_size) + s.hidden_layers * (s.quads / 2 + 3) + fours + 3;
  const uint64_t by_turns = s.outs + (2 * s.hidden_layers + 4 * fours) * s.quads;
  return std::max<uint64_t>(2 * kMostRounds / (rows * by_rows + s.turns * by_turns), 1);
}

std::vector<Dispatch> lower_mlp_backward(Lower& c) {
  // Copies enough to fill a large GPU; more would only be added up again. An empty batch has one, which stays zero.
  constexpr uint32_t kMostCopies = 256, kMostCopiesInSoftware = 8;
  MlpLaunch l = launch_of_mlp(c, true);
  const std::string kernel =
      is_cooperative(c) ? make_cooperative(c, l, "mlp_cooperative_backward", true) : "mlp_backward";
  const bool wants_dx = c.outputs() > 1;
  l.spec.extra = wants_dx;
  l.params.groups = std::min(l.params.tiles, c.caps.software ? kMostCopiesInSoftware : kMostCopies);
  const TensorRef copies = c.scratch(std::max<uint64_t>(1, l.params.groups) * l.params.weights * 4);
  std::vector<Dispatch> list;
  if (l.params.groups > 0) {
    uint64_t bytes = c.out().bytes() + (wants_dx ? c.out(1).bytes() : 0);
    for (size_t i = 0; i < c.inputs(); ++i) bytes += c.in(i).bytes();
    const uint64_t tiles = l.params.tiles, most = l.params.groups * most_tiles(l.spec);
    for (uint64_t first = 0; first < tiles; first += most) {
      l.params.first = static_cast<uint32_t>(first);
      l.params.tiles = static_cast<uint32_t>(std::min(first + most, tiles));
      list.push_back({.kernel = &c.kernel(kernel),
                      .tensors = {in_words(c.x(0)), in_words(c.x(1)), in_words(c.x(2)), in_words(c.x(3)), copies,
                                  wants_dx ? in_words(c.y(1)) : copies},
                      .spec = l.spec,
                      .params = l.params,
                      .groups = l.params.groups,
                      .cost = {bytes * most / std::max(most, tiles), 2 * l.flops * most / std::max(most, tiles)},
                      .subgroup_size = required_subgroup(c)});
    }
  }
  list.push_back(gather_copies(c, l, copies));
  return list;
}

std::vector<Value> grad_mlp(Grad& g);

// What the hidden layers leave, as they are kept, and the result.
std::vector<Value> layers_of(Graph& graph, const Node& node) {
  Value x(&graph, node.inputs[0]);
  const Value weights(&graph, node.inputs[1]);
  const auto network = node.attrs.as<MlpNetwork>();
  const Extents e(x.shape(), network);
  const uint32_t activation = activation_of(network.activation);
  std::vector<Value> made;
  int64_t in = e.ins, at = 0;
  for (int64_t layer = 0; layer <= e.hidden; ++layer) {
    const int64_t out = layer == e.hidden ? e.outs : e.width;
    x = matmul(x, reshape(slice(weights, {at}, {at + in * out}), {in, out})) +
        slice(weights, {at + in * out}, {at + (in + 1) * out});
    at += (in + 1) * out;
    in = out;
    if (layer == e.hidden) break;
    x = activation == MLP_RELU ? relu(x) : activation == MLP_TANH ? tanh(x) : sigmoid(x);
    made.push_back(reshape(x, {1, x.shape().elements() / e.width, e.width}));
  }
  made.push_back(x);
  return made;
}

std::vector<Value> decompose_mlp(Graph& graph, const Node& node) {
  const std::vector<Value> made = layers_of(graph, node);
  if (!node.attrs.as<MlpAttrs>().keep_hidden) return {made.back()};
  return {made.back(), concat(std::span(made).first(made.size() - 1))};
}

Primal primal_mlp(Graph& graph, const Node& node) {
  const auto in = [&](size_t i) { return Value(&graph, node.inputs[i]); };
  return {.y = {layers_of(graph, node).back()}, .dy = {in(3)}, .x = {in(1), in(0)}};
}

constexpr Variant kMlpVariants[] = {{"cooperative", refuse_forward}, {"direct"}};
constexpr Variant kBackwardVariants[] = {{"cooperative", refuse_backward}, {"direct"}};
const OpDef kMlpOps[] = {
    {"mlp", infer_mlp, grad_mlp, lower_mlp, nullptr, attrs_of<MlpAttrs>, kMlpVariants, {}, {}, {}, decompose_mlp},
    {.name = "mlp_backward",
     .infer = infer_mlp_backward,
     .lower = lower_mlp_backward,
     .reference = reference::mlp_backward,
     .attrs = attrs_of<MlpBackwardAttrs>,
     .variants = kBackwardVariants,
     .primal = primal_mlp},
};

std::vector<Value> grad_mlp(Grad& g) {
  auto attrs = g.attrs<MlpAttrs>();
  Value hidden;
  if (attrs.keep_hidden) {
    require(!g.dy(1), ErrorCode::unsupported, "mlp: has no gradient of its hidden layers");
    hidden = g.out(1);
  } else {  // built for evaluation, and now differentiated: they are made again
    attrs.keep_hidden = true;
    hidden = g.graph.add_all(kMlpOps[0], std::array{g.in(0), g.in(1)}, attrs)[1];
  }
  const MlpBackwardAttrs backward{.network = attrs.network, .has_dx = g.needs(0)};
  const std::array inputs{g.in(0), g.in(1), hidden, g.dy()};
  const std::vector<Value> made = g.graph.add_all(kMlpOps[1], inputs, backward);
  return {g.needs(0) ? made[1] : Value(), made[0]};
}

}  // namespace

std::span<const OpDef> mlp_ops() { return kMlpOps; }
const OpDef& mlp_op() { return kMlpOps[0]; }

}  // namespace lemnos::ops

namespace lemnos {

std::span<const char* const> words_of(MlpActivation) {
  static constexpr const char* kWords[] = {"relu", "sigmoid", "tanh"};
  return kWords;
}

int64_t fused_mlp_weights(int64_t in, const FusedMlpOptions& o) {
  require(o.width >= 4 && o.width <= ops::kMostUnits && o.width % 4 == 0, ErrorCode::out_of_range, "mlp: layers of ",
          o.width, " units, it takes 4 to ", ops::kMostUnits, " in whole groups of four");
  require(o.hidden > 0 && o.out > 0, ErrorCode::out_of_range, "mlp: ", o.hidden, " hidden layers and ", o.out,
          " outputs, it takes 1 of each at least");
  return (in + 1) * o.width + (o.hidden - 1) * (o.width + 1) * o.width + (o.width + 1) * o.out;
}

Value fused_mlp(Value x, Value weights, const FusedMlpOptions& o) {
  return x.graph().add_all(
      ops::mlp_op(), std::array{x, weights},
      MlpAttrs{.network = {.width = o.width,
                           .hidden = o.hidden,
                           .out = o.out,
                           .activation = words_of(o.activation)[static_cast<size_t>(o.activation)]},
               .keep_hidden = o.keep_hidden})[0];
}

}  // namespace lemnos
