// conv2d: y[n, o, i, j] = f(bias[o] + sum of weight[o, c, kh, kw] x[n, c, i s - p + kh d, j s - p + kw d])
// over c, kh, kw.
//
// conv2d_input: its gradient for x, from dy and the weight; also the transposed convolution, with a bias and an f.
//
// conv2d_weight: its gradient for the weight, from x and dy.
//
// o and c are within one group; s, p, d are stride, padding and dilation; f is a function of common/unary.glsl by its
// number. Without f the three are one form, linear in each of its two operands: each is the gradient of the others.

#include "ops/conv.h"

#include <algorithm>

#include "lemnos/ops.h"
#include "ops/epilogue.h"
#include "ops/lowering.h"
#include "reference/conv.h"
#include "shaders/common/unary_functions.h"

namespace lemnos::ops {
namespace {

// Shapes
// ---------------------------------------------------------------------------------------------------------------

std::array<int64_t, 2> pair_of(const std::vector<int64_t>& given, const char* name, int64_t otherwise, int64_t least,
                               const char* op) {
  if (given.empty()) return {otherwise, otherwise};
  std::string entries;
  for (int64_t entry : given) entries += text(entries.empty() ? "" : ", ", entry);
  require(given.size() == 2 && given[0] >= least && given[1] >= least, ErrorCode::invalid_argument, op, ": ", name,
          " is {", entries, "}, it takes 2 entries, each at least ", least);
  return {given[0], given[1]};
}

void read_attrs(Convolution& f, const ConvAttrs& attrs, const char* op) {
  f.stride = pair_of(attrs.stride, "stride", 1, 1, op);
  f.padding = pair_of(attrs.padding, "padding", 0, 0, op);
  f.dilation = pair_of(attrs.dilation, "dilation", 1, 1, op);
  f.groups = attrs.groups;
  require(f.groups >= 1, ErrorCode::invalid_argument, op, ": ", f.groups, " groups, it takes 1 or more");
}

void require_planes(const Infer& in, size_t i) {
  require_float(in, i);
  require(in.in[i].dtype == in.in[0].dtype, ErrorCode::invalid_argument, in.op.name, ": input ", i, " is ", in.in[i],
          " but input 0 is ", in.in[0]);
  require(in.in[i].shape.rank() == 4, ErrorCode::shape_mismatch, in.op.name, ": input ", i, " is ", in.in[i],
          ", it takes four axes");
}

int64_t reach(int64_t kernel, int64_t dilation) { return dilation * (kernel - 1) + 1; }

// The extent of y along one axis.
int64_t out_extent(int64_t extent, const Convolution& f, size_t axis) {
  return (extent + 2 * f.padding[axis] - reach(f.kernel[axis], f.dilation[axis])) / f.stride[axis] + 1;
}

void require_fits(const Infer& in, const Convolution& f) {
  const int64_t room_h = f.height + 2 * f.padding[0], room_w = f.width + 2 * f.padding[1];
  const int64_t reach_h = reach(f.kernel[0], f.dilation[0]), reach_w = reach(f.kernel[1], f.dilation[1]);
  require(f.kernel[0] >= 1 && f.kernel[1] >= 1 && reach_h <= room_h && reach_w <= room_w, ErrorCode::shape_mismatch,
          in.op.name, ": ", in.in[0], " and ", in.in[1], ": a kernel that reaches over ", reach_h, "x", reach_w,
          " does not fit a padded plane of ", room_h, "x", room_w);
  require(f.in % f.groups == 0 && f.out % f.groups == 0, ErrorCode::shape_mismatch, in.op.name, ": ", f.in, " and ",
          f.out, " channels do not divide into ", f.groups, " groups");
}

void require_epilogue(const Infer& in, int64_t channels) {
  const auto attrs = in.attrs<ConvEpilogue>();
  const int64_t activation = attrs.activation;
  require(activation >= 0 && activation < UNARY_EPILOGUES, ErrorCode::invalid_argument, in.op.name, ": no activation ",
          activation);
  require_inputs(in, attrs.bias ? 3 : 2);
  if (!attrs.bias) return;
  require(in.in[2] == TensorDesc{Shape{channels}, in.in[0].dtype}, ErrorCode::shape_mismatch, in.op.name, ": bias ",
          in.in[2], " for ", channels, " channels of ", in.in[0]);
}

Convolution form_of_weight(const Shape& weight, const ConvAttrs& attrs, const char* op) {
  Convolution f{};
  f.kernel = {weight[2], weight[3]};
  read_attrs(f, attrs, op);
  f.out = weight[0];
  f.in = weight[1] * f.groups;
  constexpr int64_t kMostProducts = 3 * kMostRounds;  // rounds of one invocation
  const int64_t channels = std::max(weight[1], f.out / f.groups), products = channels * f.taps();
  require(products <= kMostProducts, ErrorCode::unsupported, op, ": ", channels, " channels of a group under ",
          f.kernel[0], "x", f.kernel[1], " taps are a sum of ", products, " products; it takes at most ",
          kMostProducts);
  return f;
}

Convolution conv2d_form(const Shape& x, const Shape& weight, const ConvAttrs& attrs, const char* op) {
  Convolution f = form_of_weight(weight, attrs, op);
  f.images = x[0];
  f.height = x[2];
  f.width = x[3];
  f.out_height = out_extent(f.height, f, 0);
  f.out_width = out_extent(f.width, f, 1);
  return f;
}

Convolution input_form(const Shape& dy, const Shape& weight, const ConvInputAttrs& attrs, const char* op) {
  Convolution f = form_of_weight(weight, attrs.conv, op);
  f.images = dy[0];
  f.out_height = dy[2];
  f.out_width = dy[3];
  f.height = attrs.height;
  f.width = attrs.width;
  return f;
}

Convolution weight_form(const Shape& x, const Shape& dy, const ConvWeightAttrs& attrs, const char* op) {
  Convolution f{};
  f.kernel = pair_of(attrs.kernel, "kernel", 1, 1, op);
  read_attrs(f, attrs.conv, op);
  f.images = x[0];
  f.in = x[1];
  f.height = x[2];
  f.width = x[3];
  f.out = dy[1];
  f.out_height = dy[2];
  f.out_width = dy[3];
  return f;
}

std::vector<TensorDesc> infer_conv2d(const Infer& in) {
  const auto attrs = in.attrs<Conv2dAttrs>();
  for (size_t i = 0; i < 2 && i < in.in.size(); ++i) require_planes(in, i);
  require_inputs(in, attrs.epilogue.bias ? 3 : 2);
  const Convolution f = conv2d_form(in.in[0].shape, in.in[1].shape, attrs.conv, in.op.name);
  require(in.in[0].shape[1] == f.in, ErrorCode::shape_mismatch, in.op.name, ": x ", in.in[0], " has ",
          in.in[0].shape[1], " channels, weight ", in.in[1], " in ", f.groups, " groups takes ", f.in);
  require_fits(in, f);
  require_epilogue(in, f.out);
  return {{{f.images, f.out, f.out_height, f.out_width}, in.in[0].dtype}};
}

std::vector<TensorDesc> infer_input(const Infer& in) {
  const auto attrs = in.attrs<ConvInputAttrs>();
  for (size_t i = 0; i < 2 && i < in.in.size(); ++i) require_planes(in, i);
  require_inputs(in, attrs.epilogue.bias ? 3 : 2);
  const Convolution f = input_form(in.in[0].shape, in.in[1].shape, attrs, in.op.name);
  require(in.in[0].shape[1] == f.out, ErrorCode::shape_mismatch, in.op.name, ": dy ", in.in[0], " has ",
          in.in[0].shape[1], " channels, weight ", in.in[1], " makes ", f.out);
  require_fits(in, f);
  require(f.out_height == out_extent(f.height, f, 0) && f.out_width == out_extent(f.width, f, 1),
          ErrorCode::shape_mismatch, in.op.name, ": dy ", in.in[0], " is not what an input of ", f.height, "x", f.width,
          " gives: ", out_extent(f.height, f, 0), "x", out_extent(f.width, f, 1));
  require_epilogue(in, f.in);
  return {{{f.images, f.in, f.height, f.width}, in.in[0].dtype}};
}

std::vector<TensorDesc> infer_weight(const Infer& in) {
  require_inputs(in, 2);
  for (size_t i = 0; i < 2; ++i) require_planes(in, i);
  const Convolution f = weight_form(in.in[0].shape, in.in[1].shape, in.attrs<ConvWeightAttrs>(), in.op.name);
  require_fits(in, f);
  require(in.in[1].shape == Shape({f.images, f.out, out_extent(f.height, f, 0), out_extent(f.width, f, 1)}),
          ErrorCode::shape_mismatch, in.op.name, ": dy ", in.in[1], " is not the gradient of ",
          Shape({f.images, f.out, out_extent(f.height, f, 0), out_extent(f.width, f, 1)}));
  return {{{f.out, f.in / f.groups, f.kernel[0], f.kernel[1]}, in.in[0].dtype}};
}

// Lowering
// -------------------------------------------------------------------------------------------------------------

Convolution conv2d_of(const Lower& c) {
  return conv2d_form(c.in(0).shape, c.in(1).shape, c.attrs<ConvAttrs>(), c.node().op->name);
}
Convolution input_of(const Lower& c) {
  return input_form(c.in(0).shape, c.in(1).shape, c.attrs<ConvInputAttrs>(), c.node().op->name);
}

Convolution weight_of(const Lower& c) {
  return weight_form(c.in(0).shape, c.in(1).shape, c.attrs<ConvWeightAttrs>(), c.node().op->name);
}

std::string refuse_conv2d_tiled(const Lower& c) { return refuse_conv_tiled(c, conv2d_of(c), Toward::y); }
std::string refuse_conv2d_window(const Lower& c) { return refuse_conv_window(c, conv2d_of(c), Toward::y); }
std::string refuse_input_tiled(const Lower& c) { return refuse_conv_tiled(c, input_of(c), Toward::x); }
std::string refuse_input_window(const Lower& c) { return refuse_conv_window(c, input_of(c), Toward::x); }
std::string refuse_weight_tiled(const Lower& c) { return refuse_conv_tiled(c, weight_of(c), Toward::y); }
std::string refuse_weight_window(const Lower& c) {
  // Few products share the broadcast values.
  if (!c.forced() && !c.caps.fast_broadcast) return "this driver broadcasts through memory";
  return refuse_conv_window(c, weight_of(c), Toward::y);
}

// Whether there is anything to launch; throws where a kernel cannot count it.
bool counted(const Lower& c) {
  for (size_t i = 0; i < c.inputs(); ++i) count32(c.in(i), c.node().op->name);
  return count32(c.out(), c.node().op->name) > 0;
}

std::vector<Dispatch> lower_planes(Lower& c, const Convolution& f, Toward toward) {
  if (!counted(c)) return {};
  const std::string_view variant = c.variant();
  if (variant == "tiled") return conv_tiled(c, f, toward);
  return variant == "window" ? conv_window(c, f, toward) : conv_direct(c, f, toward);
}
std::vector<Dispatch> lower_conv2d(Lower& c) { return lower_planes(c, conv2d_of(c), Toward::y); }
std::vector<Dispatch> lower_input(Lower& c) { return lower_planes(c, input_of(c), Toward::x); }

std::vector<Dispatch> lower_weight(Lower& c) {
  if (!counted(c)) return {};
  const Convolution f = weight_of(c);
  const std::string_view variant = c.variant();
  if (variant == "tiled") return conv_weight_tiled(c, f);
  return variant == "window" ? conv_weight_window(c, f) : conv_weight_direct(c, f);
}

// Gradients
// ------------------------------------------------------------------------------------------------------------

std::vector<Value> grad_conv2d(Grad& g);
std::vector<Value> grad_input(Grad& g);
std::vector<Value> grad_weight(Grad& g);
template <typename T>
std::vector<Value> decompose_conv(Graph& graph, const Node& node);

constexpr Variant kConvVariants[] = {{"tiled", refuse_conv2d_tiled}, {"window", refuse_conv2d_window}, {"direct"}};
constexpr Variant kInputVariants[] = {{"tiled", refuse_input_tiled}, {"window", refuse_input_window}, {"direct"}};
constexpr Variant kWeightVariants[] = {{"tiled", refuse_weight_tiled}, {"window", refuse_weight_window}, {"direct"}};

// Images are independent; the weights and the bias stay whole.
uint32_t by_images(const Lower&) { return 1; }

const OpDef kConvOps[] = {
    {"conv2d",
     infer_conv2d,
     grad_conv2d,
     lower_conv2d,
     reference::conv2d,
     attrs_of<Conv2dAttrs>,
     kConvVariants,
     {},
     {},
     {},
     decompose_conv<Conv2dAttrs>,
     by_images},
    {"conv2d_input",
     infer_input,
     grad_input,
     lower_input,
     reference::conv2d_input,
     attrs_of<ConvInputAttrs>,
     kInputVariants,
     {},
     {},
     {},
     decompose_conv<ConvInputAttrs>,
     by_images},
    {"conv2d_weight", infer_weight, grad_weight, lower_weight, reference::conv2d_weight, attrs_of<ConvWeightAttrs>,
     kWeightVariants},
};

Value add_forward(Value x, Value weight, const ConvAttrs& attrs) {
  return x.graph().add(kConvOps[0], {x, weight}, Conv2dAttrs{.conv = attrs});
}
Value add_input(Value dy, Value weight, const Shape& x, const ConvAttrs& attrs) {
  return dy.graph().add(kConvOps[1], {dy, weight}, ConvInputAttrs{.conv = attrs, .height = x[2], .width = x[3]});
}
Value add_weight(Value x, Value dy, const Shape& weight, const ConvAttrs& attrs) {
  return x.graph().add(kConvOps[2], {x, dy}, ConvWeightAttrs{.conv = attrs, .kernel = {weight[2], weight[3]}});
}

// The sum in front of the function.
template <typename T>
Value sum_of(Graph& graph, const Node& node) {
  auto plain = node.attrs.as<T>();
  plain.epilogue.activation = UNARY_IDENTITY;
  std::vector<Value> inputs;
  for (const int id : node.inputs) inputs.emplace_back(&graph, id);
  return graph.add_all(*node.op, inputs, plain)[0];
}

template <typename T>
std::vector<Value> decompose_conv(Graph& graph, const Node& node) {
  const ConvEpilogue epilogue = node.attrs.as<T>().epilogue;
  if (epilogue.activation == UNARY_IDENTITY) return {};
  return {with_function(sum_of<T>(graph, node), epilogue)};
}

// Its gradient. Where f' is a function of x, the sum is computed again.
template <typename T>
Value grad_of_sum_conv(Grad& g) {
  const Node node = g.self();  // a copy: adding nodes moves the node
  const ConvEpilogue epilogue = node.attrs.as<T>().epilogue;
  if (epilogue.activation == UNARY_IDENTITY) return g.dy();
  const bool of_output = epilogue_function(epilogue).slope_of_output;
  return with_slope(of_output ? g.out() : sum_of<T>(g.graph, node), g.dy(), epilogue);
}

// x and dy play each other's part in the first two.
std::vector<Value> grad_conv2d(Grad& g) {
  std::vector<Value> found(g.inputs());
  const Value dy = grad_of_sum_conv<Conv2dAttrs>(g);
  if (g.needs(0)) found[0] = add_input(dy, g.in(1), g.in(0).shape(), g.attrs<ConvAttrs>());
  if (g.needs(1)) found[1] = add_weight(g.in(0), dy, g.in(1).shape(), g.attrs<ConvAttrs>());
  if (g.inputs() > 2 && g.needs(2)) found[2] = sum(dy, {0, 2, 3});
  return found;
}

std::vector<Value> grad_input(Grad& g) {
  std::vector<Value> found(g.inputs());
  const Value dy = grad_of_sum_conv<ConvInputAttrs>(g);
  if (g.needs(0)) found[0] = add_forward(dy, g.in(1), g.attrs<ConvAttrs>());
  if (g.needs(1)) found[1] = add_weight(dy, g.in(0), g.in(1).shape(), g.attrs<ConvAttrs>());
  if (g.inputs() > 2 && g.needs(2)) found[2] = sum(dy, {0, 2, 3});
  return found;
}

std::vector<Value> grad_weight(Grad& g) {
  std::vector<Value> found(2);
  if (g.needs(0)) found[0] = add_input(g.in(1), g.dy(), g.in(0).shape(), g.attrs<ConvAttrs>());
  if (g.needs(1)) found[1] = add_forward(g.in(0), g.dy(), g.attrs<ConvAttrs>());
  return found;
}

template <typename Options>
ConvAttrs geometry_of(const Options& o) {
  const auto pair = [](const std::array<int64_t, 2>& v) { return std::vector<int64_t>{v[0], v[1]}; };
  return {.stride = pair(o.stride), .padding = pair(o.padding), .dilation = pair(o.dilation), .groups = o.groups};
}

}  // namespace

std::span<const OpDef> conv_ops() { return kConvOps; }

Value convolve(Value x, Value weight, Value bias, const Conv2dOptions& o) {
  const std::array inputs{x, weight, bias};
  const bool has_bias = static_cast<bool>(bias);
  return x.graph().add_all(kConvOps[0], std::span(inputs).first(has_bias ? 3 : 2),
                           Conv2dAttrs{.conv = geometry_of(o), .epilogue = {.bias = has_bias}})[0];
}

Value convolve_transposed(Value x, Value weight, Value bias, const ConvTranspose2dOptions& o) {
  const char* who = "conv_transpose2d";
  require(x.shape().rank() == 4 && weight.shape().rank() == 4, ErrorCode::shape_mismatch, who, ": x ", x.desc(),
          " and weight ", weight.desc(), " take four axes each");
  std::array<int64_t, 2> extent{};
  for (size_t i = 0; i < 2; ++i) {
    require(o.output_padding[i] >= 0 && (o.output_padding[i] < o.stride[i] || o.output_padding[i] < o.dilation[i]),
            ErrorCode::invalid_argument, who, ": output padding ", o.output_padding[i],
            " must be smaller than the stride ", o.stride[i], " or the dilation ", o.dilation[i]);
    extent[i] = (x.shape()[2 + i] - 1) * o.stride[i] - 2 * o.padding[i] + reach(weight.shape()[2 + i], o.dilation[i]) +
                o.output_padding[i];
    require(extent[i] >= 1, ErrorCode::shape_mismatch, who, ": x ", x.desc(), " under weight ", weight.desc(),
            " leaves an extent of ", extent[i]);
  }
  const std::array inputs{x, weight, bias};
  const bool has_bias = static_cast<bool>(bias);
  return x.graph().add_all(
      kConvOps[1], std::span(inputs).first(has_bias ? 3 : 2),
      ConvInputAttrs{
          .conv = geometry_of(o), .height = extent[0], .width = extent[1], .epilogue = {.bias = has_bias}})[0];
}

}  // namespace lemnos::ops

namespace lemnos {

Value conv2d(Value x, Value weight, Value bias, Conv2dOptions options) {
  return ops::convolve(x, weight, bias, options);
}

Value conv_transpose2d(Value x, Value weight, Value bias, ConvTranspose2dOptions options) {
  return ops::convolve_transposed(x, weight, bias, options);
}

Value conv1d(Value x, Value weight, Value bias, Conv1dOptions options) {
  const Shape &s = x.shape(), &w = weight.shape();
  require(s.rank() == 3 && w.rank() == 3, ErrorCode::shape_mismatch, "conv1d: x ", x.desc(), " and weight ",
          weight.desc(), " take three axes each");
  const Value y = conv2d(reshape(x, Shape{s[0], s[1], 1, s[2]}), reshape(weight, Shape{w[0], w[1], 1, w[2]}), bias,
                         {.stride = {1, options.stride},
                          .padding = {0, options.padding},
                          .dilation = {1, options.dilation},
                          .groups = options.groups});
  const Shape out = y.shape();
  return reshape(y, Shape{out[0], out[1], out[3]});
}

}  // namespace lemnos
