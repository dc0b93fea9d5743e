// Convolutions as products through shared memory (shaders/conv_tiled.comp), for devices that have real one. One launch
// per phase; the weight's gradient in parts of K, as its tiles are few and its K long.
#include <algorithm>

#include "ops/broadcast.h"
#include "ops/conv.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "shaders/conv_tiled.h"

namespace lemnos::ops {
namespace {

struct Tile {
  uint32_t workgroup, m, n, k, rows, columns;
};
constexpr Tile kLarge = {128, 64, 64, 16, 8, 4}, kSmall = {64, 32, 32, 16, 4, 4};
constexpr int64_t kBusyConvGroups = 192;  // keep a device of unknown width busy
constexpr int64_t kLeastConvPart = 256,
                  kMostConvParts = 64;  // of K: less does not pay for adding up, more takes memory
constexpr int64_t kFewChannels = 4, kFewRows = 8;

// K or N counts channels in whole groups of four for each tap.
int64_t tap_channels(int64_t channels) { return up(channels, 4) * 4; }

shaders::ConvTiledSpec spec_of_conv_tiled(const Lower& c, const Tile& t, int64_t channels, const Phase& down,
                                          const Phase& across) {
  const uint32_t format = format_of(c.out().dtype);
  return {.workgroup_size = t.workgroup,
          .format = format,
          .result_format = format,
          .tile_m = t.m,
          .tile_n = t.n,
          .tile_k = t.k,
          .rows = t.rows,
          .columns = t.columns,
          .channels = u32(channels),
          .kernel_h = across.taps > 0 ? u32(down.taps) : 0,
          .kernel_w = u32(std::max<int64_t>(across.taps, 1)),
          .stride_h = u32(down.stride),
          .stride_w = u32(across.stride),
          .dilation_h = u32(down.dilation),
          .dilation_w = u32(across.dilation)};
}

/// The numbers of one phase. x is what is gathered from; y_width is the result's, y_plane too.
shaders::ConvTiledParams params_of_conv_tiled(const Convolution& f, Toward toward, const Phase& down,
                                              const Phase& across) {
  const bool to_x = toward == Toward::x;
  const int64_t y_width = to_x ? f.width : f.out_width, one_out = f.in / f.groups * f.taps();
  const Divisor by_across = across.places > 1 ? divisor(u32(across.places)) : Divisor{};
  const Divisor by_down = down.places > 1 ? divisor(u32(down.places)) : Divisor{};
  return {.m = u32((to_x ? f.in : f.out) / f.groups),
          .groups = u32(f.groups),
          .places = u32(f.images * down.places * across.places),
          .down = u32(down.places),
          .across = u32(across.places),
          .down_multiplier = by_down.multiplier,
          .down_shift = by_down.shift,
          .across_multiplier = by_across.multiplier,
          .across_shift = by_across.shift,
          .height = u32(to_x ? f.out_height : f.height),
          .width = u32(to_x ? f.out_width : f.width),
          .origin_h = i32(down.origin),
          .origin_w = i32(across.origin),
          .tap_first = u32(down.tap_first * f.kernel[1] + across.tap_first),
          .tap_step_h = i32(down.tap_step * f.kernel[1]),
          .tap_step_w = i32(across.tap_step),
          .weight_group = u32(f.out / f.groups * one_out),
          .weight_row = u32(to_x ? f.taps() : one_out),
          .weight_channel = u32(to_x ? one_out : f.taps()),
          .y_first = u32(down.result_first * y_width + across.result_first),
          .y_step = u32(across.result_step),
          .y_row = u32(down.result_step * y_width),
          .y_plane = u32(to_x ? f.plane() : f.out_plane()),
          .parts = 1};
}

}  // namespace

std::string refuse_conv_tiled(const Lower& c, const Convolution& f, Toward toward) {
  if (c.out().elements() == 0) return {};
  if (f.in == 0 || f.out == 0) return "0 channels";
  if (const std::string why = refuse_phases(f, toward); !why.empty()) return why;
  if (c.forced()) return {};
  if (c.caps.software) return "a software driver's shared memory is plain memory";
  const int64_t channels = (toward == Toward::x ? f.out : f.in) / f.groups;
  const int64_t rows = (toward == Toward::x ? f.in : f.out) / f.groups;
  return channels < kFewChannels || rows < kFewRows
             ? text(channels, " channels to ", rows, " of each group leave most of a tile empty")
             : std::string();
}

std::vector<Dispatch> conv_tiled(Lower& c, const Convolution& f, Toward toward) {
  const bool to_x = toward == Toward::x;
  const int64_t channels = (to_x ? f.out : f.in) / f.groups, rows = (to_x ? f.in : f.out) / f.groups;
  const std::vector<Phase> downs = phases_of(f, toward, 0), acrosses = phases_of(f, toward, 1);
  const Tile& t = rows > kSmall.m ? kLarge : kSmall;
  const bool wide = (to_x ? f.width : f.out_width) % 4 == 0 && acrosses.size() == 1;
  const bool converted = c.out().dtype != DType::f32 && !wide;  // places side by side would share words
  const TensorRef y = converted ? c.scratch(4 * static_cast<uint64_t>(c.out().elements())) : in_words(c.y());
  const TensorRef x = in_words(c.x(0)), weight = in_words(c.x(1));
  const auto epilogue = c.attrs<ConvEpilogue>();
  std::vector<Dispatch> list;
  for (const Phase& down : downs)
    for (const Phase& across : acrosses) {
      shaders::ConvTiledSpec spec = spec_of_conv_tiled(c, t, channels, down, across);
      if (converted) spec.result_format = FORMAT_F32;
      spec.has_bias = epilogue.bias;
      spec.wide = wide;
      spec.activation = u32(epilogue.activation);
      shaders::ConvTiledParams p = params_of_conv_tiled(f, toward, down, across);
      set_function(p, epilogue);
      p.part_k = u32(up(spec.kernel_h * spec.kernel_w * tap_channels(channels), t.k)) * t.k;
      const uint64_t flops = 2ull * p.places * p.groups * p.m * spec.channels * spec.kernel_h * spec.kernel_w;
      list.push_back({.kernel = &c.kernel("conv_tiled"),
                      .tensors = {x, weight, spec.has_bias ? in_words(c.x(2)) : weight, y},
                      .spec = spec,
                      .params = p,
                      .groups = divide_up(p.m, t.m) * divide_up(p.places, t.n) * p.groups,
                      .cost = {x.bytes + weight.bytes + y.bytes, flops}});
    }
  if (converted) list.push_back(add_conv_parts(c, y, 1));
  return list;
}

std::vector<Dispatch> conv_weight_tiled(Lower& c, const Convolution& f) {
  const Phase down = phases_of(f, Toward::y, 0)[0], across = phases_of(f, Toward::y, 1)[0];
  const int64_t channels = f.in / f.groups, columns = f.taps() * tap_channels(channels);
  shaders::ConvTiledParams p = params_of_conv_tiled(f, Toward::y, down, across);
  const Tile& t = p.m > kSmall.m ? kLarge : kSmall;
  shaders::ConvTiledSpec spec = spec_of_conv_tiled(c, t, channels, down, across);
  spec.result_format = FORMAT_F32;
  spec.to_weight = true;
  const int64_t places = std::max(p.places, 1u);  // a batch of nothing is one part, which writes zeros
  const int64_t tiles = up(p.m, t.m) * up(columns, t.n) * f.groups, slices = up(places, t.k);
  const int64_t most =
      c.forced() ? std::min<int64_t>(slices, 3) : std::min<int64_t>(places / kLeastConvPart, kMostConvParts);
  const int64_t parts =
      std::clamp<int64_t>(c.forced() ? most : up(kBusyConvGroups, tiles), 1, std::max<int64_t>(most, 1));
  p.part_k = u32(up(slices, parts)) * t.k;
  p.parts = u32(up(places, p.part_k));
  const bool in_place = p.parts == 1 && c.out().dtype == DType::f32;
  const TensorRef sums = in_place ? c.y() : c.scratch(4 * static_cast<uint64_t>(c.out().elements()) * p.parts);
  const TensorRef x = in_words(c.x(0)), dy = in_words(c.x(1));
  std::vector<Dispatch> list{{.kernel = &c.kernel("conv_tiled"),
                              .tensors = {x, dy, dy, sums},
                              .spec = spec,
                              .params = p,
                              .groups = static_cast<uint64_t>(tiles) * p.parts,
                              .cost = {x.bytes + dy.bytes + sums.bytes, f.flops()}}};
  if (!in_place) list.push_back(add_conv_parts(c, sums, p.parts));
  return list;
}

}  // namespace lemnos::ops
