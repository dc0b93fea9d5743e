// Convolutions, pools, norms, and what else layers are made of.
#include "base/text.h"
#include "onnx/export.h"
#include "reference/batch_norm.h"
#include "reference/conv.h"
#include "reference/layer_norm.h"
#include "reference/pool.h"
#include "reference/rotary.h"
#include "reference/upsample.h"

namespace lemnos::onnx {

namespace {

using Pair = std::vector<int64_t>;
Pair pair_or(const Pair& given, int64_t otherwise) { return given.empty() ? Pair{otherwise, otherwise} : given; }
Pair both_sides(const Pair& padding) { return {padding[0], padding[1], padding[0], padding[1]}; }

std::vector<std::string> all_inputs(ExportCall& c) {
  std::vector<std::string> names;
  for (size_t i = 0; i < c.inputs(); ++i) names.push_back(c.in(i));
  return names;
}

void require_plain(ExportCall& c, const ConvEpilogue& epilogue) {
  if (epilogue.activation != 0) c.refuse("a convolution that was fused");
}

void conv_export(ExportCall& c) {
  const auto attrs = c.attrs<Conv2dAttrs>();
  require_plain(c, attrs.epilogue);
  const Shape& w = c.in_desc(1).shape;
  c.give(0,
         c.add("Conv", all_inputs(c),
               {list_attribute("kernel_shape", {w[2], w[3]}), list_attribute("strides", pair_or(attrs.conv.stride, 1)),
                list_attribute("pads", both_sides(pair_or(attrs.conv.padding, 0))),
                list_attribute("dilations", pair_or(attrs.conv.dilation, 1)),
                integer_attribute("group", attrs.conv.groups)}));
}

void conv_transpose_export(ExportCall& c) {
  const auto attrs = c.attrs<ConvInputAttrs>();
  require_plain(c, attrs.epilogue);
  const Shape &x = c.in_desc(0).shape, &w = c.in_desc(1).shape;
  const Pair stride = pair_or(attrs.conv.stride, 1), padding = pair_or(attrs.conv.padding, 0),
             dilation = pair_or(attrs.conv.dilation, 1), size{attrs.height, attrs.width};
  Pair more(2);
  for (size_t i = 0; i < 2; ++i)
    more[i] = size[i] - ((x[2 + i] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (w[2 + i] - 1) + 1);
  c.give(0, c.add("ConvTranspose", all_inputs(c),
                  {list_attribute("kernel_shape", {w[2], w[3]}), list_attribute("strides", stride),
                   list_attribute("pads", both_sides(padding)), list_attribute("dilations", dilation),
                   list_attribute("output_padding", more), integer_attribute("group", attrs.conv.groups)}));
}

// Windows of one size that cover the plane without rest stand for an adaptive pool.
PoolAttrs pool_windows(ExportCall& c) {
  PoolAttrs attrs = c.attrs<PoolAttrs>();
  const Shape& x = c.in_desc(0).shape;
  if (attrs.size.empty()) return attrs;
  Pair kernel;
  for (size_t i = 0; i < 2; ++i) {
    const int64_t extent = x[x.rank() - 2 + i];
    if (extent % attrs.size[i]) c.refuse(text("to an extent of ", attrs.size[i], ", which does not divide ", extent));
    kernel.push_back(extent / attrs.size[i]);
  }
  return {.kernel = kernel, .stride = kernel};
}

// Pools of ONNX take [N, C, H, W].
void pool_export(ExportCall& c) {
  const PoolAttrs attrs = pool_windows(c);
  const Pair kernel = pair_or(attrs.kernel, 1), stride = attrs.stride.empty() ? kernel : attrs.stride;
  const bool averages = std::string_view(c.node().op->name) == "avg_pool2d";
  std::string x = c.in(0);
  const Shape& s = c.in_desc(0).shape;
  if (s.rank() != 4) x = c.add("Reshape", {x, c.list({-1, 1, s[s.rank() - 2], s[s.rank() - 1]})});
  const Attribute padding = list_attribute("pads", both_sides(pair_or(attrs.padding, 0))),
                  windows = list_attribute("kernel_shape", kernel), steps = list_attribute("strides", stride),
                  ceil = integer_attribute("ceil_mode", attrs.ceil);
  const std::string y =
      averages ? c.add("AveragePool", {x},
                       {windows, steps, padding, ceil, integer_attribute("count_include_pad", attrs.count_pad)})
               : c.add("MaxPool", {x},
                       {windows, steps, padding, ceil, list_attribute("dilations", pair_or(attrs.dilation, 1))});
  c.give(0, s.rank() == 4 ? y : c.reshaped(y, c.out_extents()));
}

std::string repeated_number(ExportCall& c, int64_t count, double value) {
  return c.exporter().constant({.dtype = onnx_word(c.in_desc(0).dtype),
                                .shape = {count},
                                .values = std::vector<double>(static_cast<size_t>(count), value)});
}

// Inputs x, gamma and beta as far as they are given, mean, variance.
void batch_norm_export(ExportCall& c) {
  const auto attrs = c.attrs<BatchNormAttrs>();
  const int64_t channels = c.in_desc(0).shape[1];
  const auto affine = static_cast<size_t>(attrs.affine);
  const std::string gamma = affine > 0 ? c.in(1) : repeated_number(c, channels, 1),
                    beta = affine > 1 ? c.in(2) : repeated_number(c, channels, 0);
  c.give(0, c.add("BatchNormalization", {c.in(0), gamma, beta, c.in(1 + affine), c.in(2 + affine)},
                  {real_attribute("epsilon", attrs.eps)}));
}

// gamma and beta may be f32 where x is not.
std::string operand_like_x(ExportCall& c, size_t i) {
  const DType dtype = c.in_desc(0).dtype;
  return c.in_desc(i).dtype == dtype ? c.in(i) : c.cast(c.in(i), dtype);
}

void layer_norm_export(ExportCall& c) {
  const auto attrs = c.attrs<LayerNormAttrs>();
  const Shape& x = c.in_desc(0).shape;
  std::vector<int64_t> row(x.end() - attrs.axes, x.end());
  std::vector<std::string> inputs{c.in(0)};
  if (c.inputs() > 1) {
    for (size_t i = 1; i < c.inputs(); ++i) inputs.push_back(operand_like_x(c, i));
  } else {
    const Shape shape(row);
    inputs.push_back(
        c.exporter().constant({.dtype = onnx_word(c.in_desc(0).dtype),
                               .shape = shape,
                               .values = std::vector<double>(static_cast<size_t>(shape.elements()), 1.0)}));
  }
  c.give(0, c.add("LayerNormalization", inputs,
                  {integer_attribute("axis", -attrs.axes), real_attribute("epsilon", attrs.eps)}));
}

void rms_norm_export(ExportCall& c) {
  const auto attrs = c.attrs<LayerNormAttrs>();
  std::vector<int64_t> axes;
  for (int64_t i = -attrs.axes; i < 0; ++i) axes.push_back(i);
  const std::string x = c.in(0), square = c.add("Mul", {x, x});
  const std::string mean =
      c.add("ReduceMean", {square}, {list_attribute("axes", axes), integer_attribute("keepdims", 1)});
  const std::string y = c.add("Div", {x, c.add("Sqrt", {c.add("Add", {mean, c.number(attrs.eps)})})});
  c.give(0, c.inputs() > 1 ? c.add("Mul", {y, operand_like_x(c, 1)}) : y);
}

// Each group as one channel of an InstanceNormalization.
void group_norm_export(ExportCall& c) {
  const auto attrs = c.attrs<GroupNormAttrs>();
  const Shape& s = c.in_desc(0).shape;
  const std::string grouped = c.add("Reshape", {c.in(0), c.list({0, attrs.groups, -1})});
  const std::string normed = c.add("InstanceNormalization",
                                   {grouped, repeated_number(c, attrs.groups, 1), repeated_number(c, attrs.groups, 0)},
                                   {real_attribute("epsilon", attrs.eps)});
  std::string y = c.reshaped(normed, c.out_extents());
  std::vector<int64_t> channels(s.rank() - 1, 1);
  channels[0] = s[1];
  for (size_t i = 1; i < c.inputs(); ++i)
    y = c.add(i == 1 ? "Mul" : "Add", {y, c.add("Reshape", {operand_like_x(c, i), c.list(channels)})});
  c.give(0, y);
}

void upsample_export(ExportCall& c) {
  const auto attrs = c.attrs<UpsampleAttrs>();
  const Shape& s = c.in_desc(0).shape;
  std::string x = c.in(0);
  if (s.rank() != 4) x = c.add("Reshape", {x, c.list({-1, 1, s[s.rank() - 2], s[s.rank() - 1]})});
  const std::string shape = c.add("Shape", {x});
  const std::string size = c.add("Concat", {c.add("Slice", {shape, c.list({0}), c.list({2})}), c.list(attrs.size)},
                                 {integer_attribute("axis", 0)});
  const char* places = attrs.linear ? (attrs.align_corners ? "align_corners" : "half_pixel") : "asymmetric";
  const std::string y =
      c.add("Resize", {x, "", "", size},
            {word_attribute("mode", attrs.linear ? "linear" : "nearest"),
             word_attribute("coordinate_transformation_mode", places), word_attribute("nearest_mode", "floor")});
  c.give(0, s.rank() == 4 ? y : c.reshaped(y, c.out_extents()));
}

// The halves of a row, turned by the table's cosines and sines [T, D / 2, 2].
void rotary_export(ExportCall& c) {
  const auto attrs = c.attrs<RotaryAttrs>();
  const Shape& s = c.in_desc(0).shape;
  const int64_t elements = s[s.rank() - 1], half = elements / 2, positions = c.in_desc(1).shape[0];
  const auto part = [&](const std::string& x, int64_t axis, int64_t begin, int64_t end) {
    return c.add("Slice", {x, c.list({begin}), c.list({end}), c.list({axis})});
  };
  const std::vector<int64_t> row =
      attrs.rows > 1 ? std::vector<int64_t>{positions, 1, half} : std::vector<int64_t>{positions, half};
  const std::string table = c.add("Reshape", {c.in(1), c.list({positions, half, 2})});
  const std::string cosine = c.add("Reshape", {part(table, 2, 0, 1), c.list(row)});
  std::string sine = c.add("Reshape", {part(table, 2, 1, 2), c.list(row)});
  if (attrs.inverse) sine = c.add("Neg", {sine});
  const std::string low = part(c.in(0), -1, 0, half), high = part(c.in(0), -1, half, elements);
  const auto times = [&](const std::string& a, const std::string& b) { return c.add("Mul", {a, b}); };
  const std::string turned_low = c.add("Sub", {times(low, cosine), times(high, sine)}),
                    turned_high = c.add("Add", {times(high, cosine), times(low, sine)});
  c.give(0, c.add("Concat", {turned_low, turned_high}, {integer_attribute("axis", -1)}));
}

}  // namespace

void add_export_layers(ExportTable& t) {
  t["conv2d"] = conv_export;
  t["conv2d_input"] = conv_transpose_export;
  t["max_pool2d"] = pool_export;
  t["avg_pool2d"] = pool_export;
  t["batch_norm_eval"] = batch_norm_export;
  t["layer_norm"] = layer_norm_export;
  t["rms_norm"] = rms_norm_export;
  t["group_norm"] = group_norm_export;
  t["upsample"] = upsample_export;
  t["rotary"] = rotary_export;
}

}  // namespace lemnos::onnx
