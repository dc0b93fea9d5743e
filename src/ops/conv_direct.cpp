// Convolutions by the portable kernels.
#include <algorithm>

#include "ops/broadcast.h"
#include "ops/conv.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "shaders/conv.h"
#include "shaders/conv_weight.h"
#include "shaders/matmul_reduce.h"

namespace lemnos::ops {
namespace {

uint32_t rows_for(int64_t channels) { return channels >= 8 ? 8 : channels >= 3 ? 4 : u32(channels); }
constexpr int64_t kMostTaps = 7;  // unrolled; longer rows of a kernel go tap by tap

template <typename Params>
void set_kernel(Params& p, const Convolution& f) {
  p.kernel_h = u32(f.kernel[0]);
  p.kernel_w = u32(f.kernel[1]);
  p.stride_h = i32(f.stride[0]);
  p.stride_w = i32(f.stride[1]);
  p.pad_h = i32(f.padding[0]);
  p.pad_w = i32(f.padding[1]);
  p.dilation_h = i32(f.dilation[0]);
  p.dilation_w = i32(f.dilation[1]);
}

/// The numbers of conv.comp for either direction; `toward_input` gathers dy under flipped taps.
shaders::ConvParams plane_params(const Convolution& f, bool toward_input) {
  const int64_t x_channels = (toward_input ? f.out : f.in) / f.groups;
  const int64_t plane = toward_input ? f.plane() : f.out_plane();
  shaders::ConvParams p{.m = u32((toward_input ? f.in : f.out) / f.groups),
                        .n = u32(f.images * plane),
                        .groups = u32(f.groups),
                        .channels = u32(x_channels),
                        .plane = u32(plane),
                        .out_width = u32(toward_input ? f.width : f.out_width),
                        .height = u32(toward_input ? f.out_height : f.height),
                        .width = u32(toward_input ? f.out_width : f.width)};
  const Divisor by_plane = plane > 1 ? divisor(p.plane) : Divisor{};
  p.plane_multiplier = by_plane.multiplier;
  p.plane_shift = by_plane.shift;
  const Divisor by_width = p.out_width > 1 ? divisor(p.out_width) : Divisor{};
  p.width_multiplier = by_width.multiplier;
  p.width_shift = by_width.shift;
  set_kernel(p, f);
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

}  // namespace

std::vector<Dispatch> conv_direct(Lower& c, const Convolution& f, Toward toward) {
  using namespace shaders;
  const bool toward_input = toward == Toward::x;
  const int64_t out_channels = (toward_input ? f.in : f.out) / f.groups;
  const bool divided = toward_input && (f.stride[0] > 1 || f.stride[1] > 1);
  ConvParams p = plane_params(f, toward_input);
  require(p.n < 1u << 31, ErrorCode::unsupported, c.node().op->name, ": ", p.n,
          " positions of a channel, the limit of this kernel is ", 1u << 31);
  const auto epilogue = c.attrs<ConvEpilogue>();
  set_function(p, epilogue);
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
                      .has_bias = epilogue.bias,
                      .wide = wide,
                      .quads = p.n >= 512 && !divided ? 2u : 1u,
                      .activation = u32(epilogue.activation),
                      .single = p.channels == 1};
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
  if (converted) list.push_back(add_conv_parts(c, y, 1));
  return list;
}

std::vector<Dispatch> conv_weight_direct(Lower& c, const Convolution& f) {
  using namespace shaders;
  ConvWeightSpec spec{.workgroup_size = c.caps.software ? 8u : 64u, .format = format_of(c.out().dtype)};
  ConvWeightParams p{.m = u32(f.out / f.groups),
                     .channels = u32(f.in / f.groups),
                     .groups = u32(f.groups),
                     .lines = u32(f.images * f.out_height),
                     .out_height = u32(f.out_height),
                     .out_width = u32(f.out_width),
                     .height = u32(f.height),
                     .width = u32(f.width)};
  set_kernel(p, f);
  spec.rows = rows_for(p.m);
  spec.taps = f.kernel[1] <= kMostTaps ? p.kernel_w : 1;
  spec.slide = f.stride[1] == 1 && (f.dilation[1] == 1 || spec.taps == 1);
  const uint64_t columns = uint64_t{p.channels} * p.kernel_h * (p.kernel_w / spec.taps);
  spec.packed = columns % spec.workgroup_size != 0 && columns < 4ull * spec.workgroup_size;
  const uint64_t tiles = divide_up(p.m, spec.rows) * p.groups;
  // Enough invocations to fill the device, and sums that stay short; each part's results are written and read once.
  const uint64_t wanted = c.caps.software ? 256 : 32768, least_lines = 4;
  p.pieces = std::max(u32(static_cast<int64_t>(divide_up(p.out_width, kMostRounds))), 1u);
  p.piece = u32(static_cast<int64_t>(divide_up(p.out_width, p.pieces)));
  p.lines *= p.pieces;
  const uint64_t lines = std::max(p.lines, 1u);  // a batch of nothing is one part, which writes zeros
  const uint64_t parts = std::clamp<uint64_t>(divide_up(wanted, tiles * columns), 1,
                                              std::min<uint64_t>(256, divide_up(lines, least_lines)));
  const uint64_t most_lines = std::max<uint64_t>(2 * kMostRounds / std::max(p.piece, 1u), 1);
  p.part_lines = u32(static_cast<int64_t>(std::min(divide_up(lines, parts), most_lines)));
  p.parts = u32(static_cast<int64_t>(divide_up(lines, p.part_lines)));
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
  if (!in_place) list.push_back(add_conv_parts(c, sums, p.parts));
  return list;
}

Dispatch add_conv_parts(Lower& c, const TensorRef& sums, uint32_t parts) {
  const uint32_t count = count32(c.out(), c.node().op->name);
  const shaders::MatmulReduceSpec spec{.workgroup_size = 64, .vector_c = count % 4 == 0};
  return {.kernel = &c.kernel(kernel_name("matmul_reduce", c.out().dtype, c.caps)),
          .tensors = {sums, in_words(c.y()), sums, sums, sums, in_words(c.y())},
          .spec = spec,
          .params = shaders::MatmulReduceParams{.count = count, .stride = count, .n = 1, .parts = parts, .alpha = 1},
          .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
          .cost = {sums.bytes + c.out().bytes(), uint64_t{parts} * count}};
}

}  // namespace lemnos::ops
