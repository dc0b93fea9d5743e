// conv2d:        y[n, o, i, j] = bias[o] + sum over c, kh, kw of weight[o, c, kh, kw] x[n, c, i s - p + kh d, j s - p +
// kw d] conv2d_input:  its gradient for x, from dy and the weight: also the transposed convolution conv2d_weight: its
// gradient for the weight, from x and dy with o and c within one group; s, p, d are stride, padding and dilation. The
// three are one form that is linear in each of its two operands, so each is the gradient of the others.

#include "shaders/conv.h"

#include <algorithm>

#include "lemnos/ops.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "shaders/conv_weight.h"
#include "shaders/matmul_reduce.h"

namespace lemnos::reference {
void conv2d(const Reference& c);
void conv2d_input(const Reference& c);
void conv2d_weight(const Reference& c);
}  // namespace lemnos::reference

namespace lemnos::ops {
namespace {

// Shapes
// ---------------------------------------------------------------------------------------------------------------

/// One convolution: x[images, in, height, width], y[images, out, out_height, out_width]; pairs are {along height,
/// width}.
struct Form {
  int64_t images, in, height, width, out, out_height, out_width, groups;
  std::array<int64_t, 2> kernel, stride, padding, dilation;

  int64_t plane() const { return height * width; }
  int64_t out_plane() const { return out_height * out_width; }
  int64_t taps() const { return kernel[0] * kernel[1]; }
  uint64_t flops() const { return 2 * static_cast<uint64_t>(images * out_plane() * out * (in / groups) * taps()); }
};

std::array<int64_t, 2> pair_of(const Attrs& attrs, const char* name, int64_t otherwise, int64_t least, const char* op) {
  const std::vector<int64_t>& given = attrs.integers(name);
  if (given.empty()) return {otherwise, otherwise};
  require(given.size() == 2 && given[0] >= least && given[1] >= least, ErrorCode::invalid_argument, op, ": ", name,
          " has ", given.size(), " entries (", given[0], ", ..), it takes 2, each at least ", least);
  return {given[0], given[1]};
}

void read_attrs(Form& f, const Attrs& attrs, const char* op) {
  f.stride = pair_of(attrs, "stride", 1, 1, op);
  f.padding = pair_of(attrs, "padding", 0, 0, op);
  f.dilation = pair_of(attrs, "dilation", 1, 1, op);
  f.groups = attrs.integer("groups");
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
int64_t out_extent(int64_t extent, const Form& f, size_t axis) {
  return (extent + 2 * f.padding[axis] - reach(f.kernel[axis], f.dilation[axis])) / f.stride[axis] + 1;
}

void require_fits(const Infer& in, const Form& f) {
  const int64_t room_h = f.height + 2 * f.padding[0], room_w = f.width + 2 * f.padding[1];
  const int64_t reach_h = reach(f.kernel[0], f.dilation[0]), reach_w = reach(f.kernel[1], f.dilation[1]);
  require(f.kernel[0] >= 1 && f.kernel[1] >= 1 && reach_h <= room_h && reach_w <= room_w, ErrorCode::shape_mismatch,
          in.op.name, ": a kernel that reaches over ", reach_h, "x", reach_w, " does not fit a padded plane of ",
          room_h, "x", room_w);
  require(f.in % f.groups == 0 && f.out % f.groups == 0, ErrorCode::shape_mismatch, in.op.name, ": ", f.in, " and ",
          f.out, " channels do not divide into ", f.groups, " groups");
}

void require_bias(const Infer& in, int64_t channels) {
  require_inputs(in, in.attrs.flag("bias") ? 3 : 2);
  if (!in.attrs.flag("bias")) return;
  require(in.in[2] == TensorDesc{Shape{channels}, in.in[0].dtype}, ErrorCode::shape_mismatch, in.op.name, ": bias ",
          in.in[2], " for ", channels, " channels of ", in.in[0]);
}

Form form_of_weight(const Shape& weight, const Attrs& attrs, const char* op) {
  Form f{};
  f.kernel = {weight[2], weight[3]};
  read_attrs(f, attrs, op);
  f.out = weight[0];
  f.in = weight[1] * f.groups;
  return f;
}

Form conv2d_form(const Shape& x, const Shape& weight, const Attrs& attrs, const char* op) {
  Form f = form_of_weight(weight, attrs, op);
  f.images = x[0];
  f.height = x[2];
  f.width = x[3];
  f.out_height = out_extent(f.height, f, 0);
  f.out_width = out_extent(f.width, f, 1);
  return f;
}

Form input_form(const Shape& dy, const Shape& weight, const Attrs& attrs, const char* op) {
  Form f = form_of_weight(weight, attrs, op);
  f.images = dy[0];
  f.out_height = dy[2];
  f.out_width = dy[3];
  f.height = attrs.integer("height");
  f.width = attrs.integer("width");
  return f;
}

Form weight_form(const Shape& x, const Shape& dy, const Attrs& attrs, const char* op) {
  Form f{};
  f.kernel = pair_of(attrs, "kernel", 1, 1, op);
  read_attrs(f, attrs, op);
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
  for (size_t i = 0; i < 2 && i < in.in.size(); ++i) require_planes(in, i);
  require_inputs(in, in.attrs.flag("bias") ? 3 : 2);
  const Form f = conv2d_form(in.in[0].shape, in.in[1].shape, in.attrs, in.op.name);
  require(in.in[0].shape[1] == f.in, ErrorCode::shape_mismatch, in.op.name, ": x ", in.in[0], " has ",
          in.in[0].shape[1], " channels, weight ", in.in[1], " in ", f.groups, " groups takes ", f.in);
  require_fits(in, f);
  require_bias(in, f.out);
  return {{{f.images, f.out, f.out_height, f.out_width}, in.in[0].dtype}};
}

std::vector<TensorDesc> infer_input(const Infer& in) {
  for (size_t i = 0; i < 2 && i < in.in.size(); ++i) require_planes(in, i);
  require_inputs(in, in.attrs.flag("bias") ? 3 : 2);
  const Form f = input_form(in.in[0].shape, in.in[1].shape, in.attrs, in.op.name);
  require(in.in[0].shape[1] == f.out, ErrorCode::shape_mismatch, in.op.name, ": dy ", in.in[0], " has ",
          in.in[0].shape[1], " channels, weight ", in.in[1], " makes ", f.out);
  require_fits(in, f);
  require(f.out_height == out_extent(f.height, f, 0) && f.out_width == out_extent(f.width, f, 1),
          ErrorCode::shape_mismatch, in.op.name, ": dy ", in.in[0], " is not what an input of ", f.height, "x", f.width,
          " gives: ", out_extent(f.height, f, 0), "x", out_extent(f.width, f, 1));
  require_bias(in, f.in);
  return {{{f.images, f.in, f.height, f.width}, in.in[0].dtype}};
}

std::vector<TensorDesc> infer_weight(const Infer& in) {
  require_inputs(in, 2);
  for (size_t i = 0; i < 2; ++i) require_planes(in, i);
  const Form f = weight_form(in.in[0].shape, in.in[1].shape, in.attrs, in.op.name);
  require_fits(in, f);
  require(in.in[1].shape == Shape({f.images, f.out, out_extent(f.height, f, 0), out_extent(f.width, f, 1)}),
          ErrorCode::shape_mismatch, in.op.name, ": dy ", in.in[1], " is not the gradient of ",
          Shape({f.images, f.out, out_extent(f.height, f, 0), out_extent(f.width, f, 1)}));
  return {{{f.out, f.in / f.groups, f.kernel[0], f.kernel[1]}, in.in[0].dtype}};
}

// Lowering
// -------------------------------------------------------------------------------------------------------------

uint32_t u32(int64_t v) { return static_cast<uint32_t>(v); }
int32_t i32(int64_t v) { return static_cast<int32_t>(v); }

void require_counts(const Lower& c) {
  for (size_t i = 0; i < c.inputs(); ++i) count32(c.in(i), c.node().op->name);
  count32(c.out(), c.node().op->name);
}

uint32_t rows_for(int64_t channels) { return channels >= 8 ? 8 : channels >= 3 ? 4 : u32(channels); }
constexpr int64_t kMostTaps = 7;  // unrolled; longer rows of a kernel go tap by tap

/// Adds `parts` f32 results of `count` elements in order and stores them in the dtype of y.
Dispatch add_parts(Lower& c, const TensorRef& sums, uint32_t parts) {
  const uint32_t count = count32(c.out(), c.node().op->name);
  const shaders::MatmulReduceSpec spec{.workgroup_size = 64, .vector_c = count % 4 == 0};
  return {.kernel = &c.kernel(kernel_name("matmul_reduce", c.out().dtype, c.caps)),
          .tensors = {sums, in_words(c.y()), sums, sums},
          .spec = spec,
          .params = shaders::MatmulReduceParams{.count = count, .n = 1, .parts = parts, .alpha = 1},
          .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
          .cost = {sums.bytes + c.out().bytes(), uint64_t{parts} * count}};
}

/// The numbers of conv.comp for either direction; `toward_input` gathers dy under flipped taps.
shaders::ConvParams plane_params(const Form& f, bool toward_input) {
  const int64_t x_channels = (toward_input ? f.out : f.in) / f.groups;
  const int64_t plane = toward_input ? f.plane() : f.out_plane();
  shaders::ConvParams p{.m = u32((toward_input ? f.in : f.out) / f.groups),
                        .n = u32(f.images * plane),
                        .groups = u32(f.groups),
                        .channels = u32(x_channels),
                        .plane = u32(plane),
                        .out_width = u32(toward_input ? f.width : f.out_width),
                        .height = u32(toward_input ? f.out_height : f.height),
                        .width = u32(toward_input ? f.out_width : f.width),
                        .kernel_h = u32(f.kernel[0]),
                        .kernel_w = u32(f.kernel[1]),
                        .stride_h = i32(f.stride[0]),
                        .stride_w = i32(f.stride[1]),
                        .pad_h = i32(f.padding[0]),
                        .pad_w = i32(f.padding[1]),
                        .dilation_h = i32(f.dilation[0]),
                        .dilation_w = i32(f.dilation[1])};
  p.image = u32(f.groups * x_channels) * p.height * p.width;
  const uint32_t one_channel = u32(f.taps()), one_out = u32(f.in / f.groups * f.taps());
  p.weight_group = u32(f.out / f.groups) * one_out;
  p.weight_row = toward_input ? one_channel : one_out;
  p.weight_channel = toward_input ? one_out : one_channel;
  if (toward_input) {
    p.pad_h = i32(f.dilation[0] * (f.kernel[0] - 1) - f.padding[0]);
    p.pad_w = i32(f.dilation[1] * (f.kernel[1] - 1) - f.padding[1]);
  }
  return p;
}

std::vector<Dispatch> lower_planes(Lower& c, const Form& f, bool toward_input) {
  using namespace shaders;
  require_counts(c);
  if (c.out().elements() == 0) return {};
  const int64_t out_channels = (toward_input ? f.in : f.out) / f.groups;
  const bool divided = toward_input && (f.stride[0] > 1 || f.stride[1] > 1);
  const ConvParams p = plane_params(f, toward_input);
  const bool wide = p.plane % 4 == 0;
  // Only neighbouring taps that read the same elements are worth unrolling.
  const bool slide = f.kernel[1] > 1 && f.kernel[1] <= kMostTaps && f.stride[1] == 1 && !divided &&
                     f.dilation[1] == 1 && p.out_width % 4 == 0;
  const uint32_t format = format_of(c.out().dtype);
  const bool converted = format != FORMAT_F32 && !wide;  // planes then share words
  const ConvSpec spec{.workgroup_size = c.caps.software ? 8u : 64u,
                      .format = format,
                      .result_format = converted ? FORMAT_F32 : format,
                      .rows = rows_for(out_channels),
                      .taps = slide ? u32(f.kernel[1]) : 1,
                      .slide = slide,
                      .divided = divided,
                      .flipped = toward_input,
                      .has_bias = c.attrs().flag("bias"),
                      .wide = wide,
                      .quads = p.n >= 512 && !divided ? 2u : 1u};
  const bool empty = p.channels == 0;
  const TensorRef y = converted ? c.scratch(4ull * static_cast<uint64_t>(c.out().elements())) : in_words(c.y());
  const TensorRef x = empty ? y : in_words(c.x(0)), weight = empty ? y : in_words(c.x(1));
  const uint64_t tiles = divide_up(p.m, spec.rows) * divide_up(p.n, 4ull * spec.quads * spec.workgroup_size);
  std::vector<Dispatch> list{{.kernel = &c.kernel("conv"),
                              .tensors = {x, weight, spec.has_bias ? in_words(c.x(2)) : weight, y},
                              .spec = spec,
                              .params = p,
                              .groups = tiles * p.groups,
                              .cost = {c.in(0).bytes() + c.in(1).bytes() + y.bytes, f.flops()}}};
  if (converted) list.push_back(add_parts(c, y, 1));
  return list;
}

std::vector<Dispatch> lower_conv2d(Lower& c) {
  return lower_planes(c, conv2d_form(c.in(0).shape, c.in(1).shape, c.attrs(), c.node().op->name), false);
}
std::vector<Dispatch> lower_input(Lower& c) {
  return lower_planes(c, input_form(c.in(0).shape, c.in(1).shape, c.attrs(), c.node().op->name), true);
}

std::vector<Dispatch> lower_weight(Lower& c) {
  using namespace shaders;
  const Form f = weight_form(c.in(0).shape, c.in(1).shape, c.attrs(), c.node().op->name);
  require_counts(c);
  if (c.out().elements() == 0) return {};
  ConvWeightSpec spec{.workgroup_size = c.caps.software ? 8u : 64u, .format = format_of(c.out().dtype)};
  ConvWeightParams p{.m = u32(f.out / f.groups),
                     .channels = u32(f.in / f.groups),
                     .groups = u32(f.groups),
                     .lines = u32(f.images * f.out_height),
                     .out_height = u32(f.out_height),
                     .out_width = u32(f.out_width),
                     .height = u32(f.height),
                     .width = u32(f.width),
                     .kernel_h = u32(f.kernel[0]),
                     .kernel_w = u32(f.kernel[1]),
                     .stride_h = i32(f.stride[0]),
                     .stride_w = i32(f.stride[1]),
                     .pad_h = i32(f.padding[0]),
                     .pad_w = i32(f.padding[1]),
                     .dilation_h = i32(f.dilation[0]),
                     .dilation_w = i32(f.dilation[1])};
  spec.rows = rows_for(p.m);
  spec.taps = f.kernel[1] <= kMostTaps ? p.kernel_w : 1;
  spec.slide = f.stride[1] == 1 && (f.dilation[1] == 1 || spec.taps == 1);
  const uint64_t columns = uint64_t{p.channels} * p.kernel_h * (p.kernel_w / spec.taps);
  spec.packed = columns % spec.workgroup_size != 0 && columns < 4ull * spec.workgroup_size;
  const uint64_t tiles = divide_up(p.m, spec.rows) * p.groups;
  // Enough invocations to fill the device, and sums that stay short; each part's results are written and read once.
  const uint64_t wanted = c.caps.software ? 256 : 32768, least_lines = 4;
  const uint64_t parts = std::clamp<uint64_t>(divide_up(wanted, tiles * columns), 1,
                                              std::min<uint64_t>(256, divide_up(p.lines, least_lines)));
  p.part_lines = u32(static_cast<int64_t>(divide_up(p.lines, parts)));
  p.parts = u32(static_cast<int64_t>(divide_up(p.lines, p.part_lines)));
  const bool in_place = p.parts == 1 && c.out().dtype == DType::f32;
  const uint64_t elements = static_cast<uint64_t>(c.out().elements());
  const TensorRef sums = in_place ? c.y() : c.scratch(4 * elements * p.parts);
  const uint64_t groups = spec.packed ? divide_up(columns * tiles * p.parts, spec.workgroup_size)
                                      : divide_up(columns, spec.workgroup_size) * tiles * p.parts;
  std::vector<Dispatch> list{{.kernel = &c.kernel("conv_weight"),
                              .tensors = {in_words(c.x(0)), in_words(c.x(1)), sums},
                              .spec = spec,
                              .params = p,
                              .groups = groups,
                              .cost = {c.in(0).bytes() + c.in(1).bytes() + sums.bytes, f.flops()}}};
  if (!in_place) list.push_back(add_parts(c, sums, p.parts));
  return list;
}

// Gradients
// ------------------------------------------------------------------------------------------------------------

std::vector<Value> grad_conv2d(Grad& g);
std::vector<Value> grad_input(Grad& g);
std::vector<Value> grad_weight(Grad& g);

using Kind = AttrDef::Kind;
constexpr AttrDef kAttrs[] = {{"stride", Kind::integers},
                              {"padding", Kind::integers},
                              {"dilation", Kind::integers},
                              {"groups", Kind::integer, 1},
                              {"bias", Kind::integer, 0}};
constexpr AttrDef kInputAttrs[] = {{"stride", Kind::integers},           {"padding", Kind::integers},
                                   {"dilation", Kind::integers},         {"groups", Kind::integer, 1},
                                   {"bias", Kind::integer, 0},           {"height", Kind::integer, 0, "", true},
                                   {"width", Kind::integer, 0, "", true}};
constexpr AttrDef kWeightAttrs[] = {{"stride", Kind::integers},
                                    {"padding", Kind::integers},
                                    {"dilation", Kind::integers},
                                    {"groups", Kind::integer, 1},
                                    {"kernel", Kind::integers, 0, "", true}};

const OpDef kOps[] = {
    {"conv2d", infer_conv2d, grad_conv2d, lower_conv2d, reference::conv2d, kAttrs},
    {"conv2d_input", infer_input, grad_input, lower_input, reference::conv2d_input, kInputAttrs},
    {"conv2d_weight", infer_weight, grad_weight, lower_weight, reference::conv2d_weight, kWeightAttrs},
};

Attrs shared_attrs(const Attrs& attrs) {
  Attrs kept;
  for (const char* name : {"stride", "padding", "dilation", "groups"}) kept.set(name, *attrs.find(name));
  return kept;
}

Value add_forward(Value x, Value weight, const Attrs& attrs) {
  return x.graph().add(kOps[0], {x, weight}, shared_attrs(attrs));
}
Value add_input(Value dy, Value weight, const Shape& x, const Attrs& attrs) {
  Attrs all = shared_attrs(attrs);
  all.set("height", x[2]);
  all.set("width", x[3]);
  return dy.graph().add(kOps[1], {dy, weight}, all);
}
Value add_weight(Value x, Value dy, const Shape& weight, const Attrs& attrs) {
  Attrs all = shared_attrs(attrs);
  all.set("kernel", {weight[2], weight[3]});
  return x.graph().add(kOps[2], {x, dy}, all);
}

// x and dy play each other's part in the first two.
std::vector<Value> grad_conv2d(Grad& g) {
  std::vector<Value> found(g.inputs());
  if (g.needs(0)) found[0] = add_input(g.dy(), g.in(1), g.in(0).shape(), g.attrs());
  if (g.needs(1)) found[1] = add_weight(g.in(0), g.dy(), g.in(1).shape(), g.attrs());
  if (g.inputs() > 2 && g.needs(2)) found[2] = sum(g.dy(), {0, 2, 3});
  return found;
}

std::vector<Value> grad_input(Grad& g) {
  std::vector<Value> found(g.inputs());
  if (g.needs(0)) found[0] = add_forward(g.dy(), g.in(1), g.attrs());
  if (g.needs(1)) found[1] = add_weight(g.dy(), g.in(0), g.in(1).shape(), g.attrs());
  if (g.inputs() > 2 && g.needs(2)) found[2] = sum(g.dy(), {0, 2, 3});
  return found;
}

std::vector<Value> grad_weight(Grad& g) {
  std::vector<Value> found(2);
  if (g.needs(0)) found[0] = add_input(g.in(1), g.dy(), g.in(0).shape(), g.attrs());
  if (g.needs(1)) found[1] = add_forward(g.in(0), g.dy(), g.attrs());
  return found;
}

std::vector<int64_t> pair(const std::array<int64_t, 2>& v) { return {v[0], v[1]}; }

}  // namespace

std::span<const OpDef> conv_ops() { return kOps; }

Value convolve(Value x, Value weight, Value bias, const Conv2dOptions& o) {
  const std::array inputs{x, weight, bias};
  const bool has_bias = static_cast<bool>(bias);
  return x.graph().add_all(kOps[0], std::span(inputs).first(has_bias ? 3 : 2),
                           {{"stride", pair(o.stride)},
                            {"padding", pair(o.padding)},
                            {"dilation", pair(o.dilation)},
                            {"groups", o.groups},
                            {"bias", has_bias}})[0];
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
  return x.graph().add_all(kOps[1], std::span(inputs).first(has_bias ? 3 : 2),
                           {{"stride", pair(o.stride)},
                            {"padding", pair(o.padding)},
                            {"dilation", pair(o.dilation)},
                            {"groups", o.groups},
                            {"bias", has_bias},
                            {"height", extent[0]},
                            {"width", extent[1]}})[0];
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
