// Convolutions by windows (shaders/conv_window.comp): x is padded beforehand, unless its layout fits already, and the
// weight laid out in the order of reading. A gradient that flows back through a stride falls into phases, places of the
// result that meet the same taps; each is a convolution without a stride.
#include <algorithm>
#include <vector>

#include "ops/broadcast.h"
#include "ops/conv.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "ops/pad.h"
#include "shaders/conv_pack.h"
#include "shaders/conv_weight_window.h"
#include "shaders/conv_window.h"

namespace lemnos::ops {
namespace {

constexpr int64_t kMostWindowRows = 16, kFewWindowRows = 4;  // of sums that one invocation owns
constexpr int64_t kChunkTaps = 4;  // so many products are added to a sum before the next has its turn
constexpr int64_t kWantedGroups = 64, kLeastLines = 4;  // of the weight's gradient: workgroups, lines of dy for each
constexpr int64_t kMostWindow = 8;                      // groups of four: more live in memory, not in registers

/// Everything about a convolution that its launches share. x is what is gathered from.
struct Layout {
  std::array<std::vector<Phase>, 2> phases;
  int64_t x_channels, x_height, x_width;  // channels in a group
  int64_t out_channels;
  std::array<int64_t, 2> origin{};  // of the padded plane in x: at or before its first element
  int64_t rows = 1, row = 1;        // of the padded plane, and groups of four in a row
  bool copied = false;
};

int64_t window_groups(const Phase& p, int64_t first) {
  return (first + 3 * p.stride + (p.taps - 1) * p.dilation) / 4 + 1;
}

Layout layout_of(const Convolution& f, Toward toward) {
  const bool to_x = toward == Toward::x;
  Layout l{.phases = {phases_of(f, toward, 0), phases_of(f, toward, 1)},
           .x_channels = (to_x ? f.out : f.in) / f.groups,
           .x_height = to_x ? f.out_height : f.height,
           .x_width = to_x ? f.out_width : f.width,
           .out_channels = (to_x ? f.in : f.out) / f.groups};
  for (size_t axis = 0; axis < 2; ++axis)
    for (const Phase& p : l.phases[axis])
      if (p.taps > 0) l.origin[axis] = std::min(l.origin[axis], p.origin);
  for (const Phase& p : l.phases[0])
    if (p.taps > 0) l.rows = std::max(l.rows, p.end() - l.origin[0]);
  for (const Phase& p : l.phases[1]) {
    const int64_t at = p.origin - l.origin[1];
    if (p.taps > 0) l.row = std::max(l.row, at / 4 + (up(p.places, 4) - 1) * p.stride + window_groups(p, at % 4));
  }
  l.copied = l.origin[0] != 0 || l.origin[1] != 0 || l.x_width % 4 != 0 || 4 * l.row > l.x_width || l.rows > l.x_height;
  if (l.copied && l.origin[0] != 0)
    l.rows = std::max<int64_t>(l.rows, 2);  // an axis of one place cannot leave any away
  if (!l.copied) {
    l.rows = l.x_height;
    l.row = l.x_width / 4;
  }
  return l;
}

// Compiling many rows takes seconds on some drivers: only where there is work for them.
int64_t most_rows(const Convolution& f) { return f.flops() < 1 << 22 ? kFewWindowRows : kMostWindowRows; }

/// How an invocation's share of the result is cut.
struct Share {
  int64_t rows, tiles, quads, chunk;
};
Share share_of(const Convolution& f, const Layout& l, const Phase& across, int64_t fours, int64_t lanes) {
  Share s{};
  s.tiles = up(l.out_channels, most_rows(f));
  s.rows = up(l.out_channels, s.tiles);
  s.quads = fours < 64 * lanes ? 1 : s.rows <= 8 ? 4 : 2;
  for (s.chunk = std::clamp<int64_t>(kChunkTaps / std::max<int64_t>(across.taps, 1), 1, l.x_channels);
       l.x_channels % s.chunk; --s.chunk)
    ;
  return s;
}

Dispatch pack(Lower& c, const Convolution& f, Toward toward, const Layout& l, const Phase& down, const Phase& across,
              const Share& s, const TensorRef& packed) {
  const int64_t one_out = f.in / f.groups * f.taps();
  const bool to_x = toward == Toward::x;
  const int64_t count = f.groups * s.tiles * down.taps * l.x_channels * across.taps * up(s.rows, 4);
  const shaders::ConvPackParams params{.count = u32(count),
                                       .m = u32(l.out_channels),
                                       .rows = u32(s.rows),
                                       .tiles = u32(s.tiles),
                                       .channels = u32(l.x_channels),
                                       .kernel_h = u32(down.taps),
                                       .kernel_w = u32(across.taps),
                                       .first = u32(down.tap_first * f.kernel[1] + across.tap_first),
                                       .step_h = i32(down.tap_step * f.kernel[1]),
                                       .step_w = i32(across.tap_step),
                                       .weight_group = u32(f.out / f.groups * one_out),
                                       .weight_row = u32(to_x ? f.taps() : one_out),
                                       .weight_channel = u32(to_x ? one_out : f.taps())};
  const shaders::ConvPackSpec spec{.workgroup_size = 64, .format = format_of(c.in(1).dtype)};
  return {.kernel = &c.kernel("conv_pack"),
          .tensors = {in_words(c.x(1)), packed},
          .spec = spec,
          .params = params,
          .groups = divide_up(static_cast<uint64_t>(count), spec.workgroup_size),
          .cost = {c.in(1).bytes() + packed.bytes, 0}};
}

/// `planes` planes of input `input` in scratch, as `rows` rows of `row` groups of four that begin at `origin`.
TensorRef pad_planes(std::vector<Dispatch>& list, Lower& c, size_t input, int64_t rows, int64_t row,
                     std::array<int64_t, 2> origin) {
  const Shape& x = c.in(input).shape;
  const int64_t planes = x[0] * x[1];
  const TensorRef padded = c.scratch(4 * static_cast<uint64_t>(planes * rows * row) * size_of(c.in(input).dtype));
  std::vector<PadAxis> axes = {
      {planes, 0, planes, x[2] * x[3]}, {rows, -origin[0], x[2], x[3]}, {4 * row, -origin[1], x[3], 1}};
  list.push_back(pad(c, c.x(input), padded, c.in(input).dtype, axes, 0));
  return padded;
}

shaders::ConvWindowParams window_params(const Convolution& f, Toward toward, const Layout& l, const Phase& down,
                                        const Phase& across) {
  const int64_t y_width = toward == Toward::x ? f.width : f.out_width;
  const int64_t y_height = toward == Toward::x ? f.height : f.out_height;
  const int64_t plane = l.rows * l.row, fours = up(across.places, 4);
  const Divisor by_across = fours > 1 ? divisor(u32(fours)) : Divisor{};
  const Divisor by_down = down.places > 1 ? divisor(u32(down.places)) : Divisor{};
  return {.m = u32(l.out_channels),
          .groups = u32(f.groups),
          .channels = u32(l.x_channels),
          .fours = u32(f.images * down.places * fours),
          .across = u32(fours),
          .down = u32(down.places),
          .across_multiplier = by_across.multiplier,
          .across_shift = by_across.shift,
          .down_multiplier = by_down.multiplier,
          .down_shift = by_down.shift,
          .x_row = u32(l.row),
          .x_plane = u32(plane),
          .x_image = u32(f.groups * l.x_channels * plane),
          .x_first = u32((down.origin - l.origin[0]) * l.row + (across.origin - l.origin[1]) / 4),
          .kernel_h = u32(down.taps),
          .stride_h = u32(down.stride),
          .dilation_h = u32(down.dilation),
          .width = u32(across.places),
          .y_first = u32(down.result_first * y_width + across.result_first),
          .y_step = u32(across.result_step),
          .y_row = u32(down.result_step * y_width),
          .y_plane = u32(y_height * y_width)};
}

/// The memory and constants of the launches of all phases.
struct Target {
  TensorRef x, y;
  uint32_t lanes;
  bool wide, converted;
};

void add_phase(std::vector<Dispatch>& list, Lower& c, const Convolution& f, Toward toward, const Layout& l,
               const Phase& down, const Phase& across, const Target& t) {
  const bool met = down.taps > 0 && across.taps > 0;  // otherwise a place of zeros
  const Share s = share_of(f, l, across, f.images * down.places * up(across.places, 4), t.lanes);
  TensorRef packed = t.x;
  if (met) {
    const int64_t fours = f.groups * s.tiles * down.taps * l.x_channels * across.taps * up(s.rows, 4);
    packed = c.scratch(16 * static_cast<uint64_t>(fours + t.lanes));  // all invocations read, also past the last
    list.push_back(pack(c, f, toward, l, down, across, s, packed));
  }
  shaders::ConvWindowParams p = window_params(f, toward, l, down, across);
  if (!met) p.kernel_h = 0;
  const auto epilogue = c.attrs<ConvEpilogue>();
  set_function(p, epilogue);
  const uint32_t format = format_of(c.out().dtype);
  const shaders::ConvWindowSpec spec{.workgroup_size = t.lanes,
                                     .format = format,
                                     .result_format = t.converted ? FORMAT_F32 : format,
                                     .rows = u32(s.rows),
                                     .quads = u32(s.quads),
                                     .taps = u32(std::max<int64_t>(across.taps, 1)),
                                     .chunk = u32(s.chunk),
                                     .first = met ? u32((across.origin - l.origin[1]) % 4) : 0,
                                     .stride = u32(across.stride),
                                     .dilation = u32(across.dilation),
                                     .has_bias = epilogue.bias,
                                     .wide = t.wide,
                                     .activation = u32(epilogue.activation)};
  const uint64_t flops = 2 * static_cast<uint64_t>(f.images * f.groups * l.out_channels * l.x_channels) *
                         static_cast<uint64_t>(down.taps * down.places * across.taps * across.places);
  list.push_back({.kernel = &c.kernel("conv_window"),
                  .tensors = {t.x, packed, spec.has_bias ? in_words(c.x(2)) : packed, t.y},
                  .spec = spec,
                  .params = p,
                  .groups = divide_up(p.fours, uint64_t{spec.quads} * t.lanes) * u32(s.tiles) * p.groups,
                  .cost = {t.x.bytes + packed.bytes + t.y.bytes, flops},
                  .subgroup_size = c.caps.subgroup_size_control ? t.lanes : 0});
}

}  // namespace

std::string refuse_conv_window(const Lower& c, const Convolution& f, Toward toward) {
  if (!c.caps.subgroup_arithmetic) return needs_subgroups(c);
  if (c.caps.min_subgroup_size != c.caps.max_subgroup_size) return "the size of a subgroup varies on this device";
  if (c.caps.subgroup_size > 16) return text("a subgroup of ", c.caps.subgroup_size, " is too wide to share rows");
  if (c.out().elements() == 0) return {};
  if (f.in == 0 || f.out == 0) return "0 channels";
  if (const std::string why = refuse_phases(f, toward); !why.empty()) return why;
  const Layout l = layout_of(f, toward);
  for (const Phase& p : l.phases[1])
    if (const int64_t groups = window_groups(p, 3); groups > kMostWindow)
      return text("a window of ", 4 * groups, " elements is too long");
  if (f.images * f.groups * l.x_channels * l.rows * l.row >= int64_t{1} << 29) return "the padded planes are too large";
  if (c.forced()) return {};
  if (!c.caps.software) return "variants with shared memory are faster on this device";
  if (l.out_channels == 1) return "a single output channel shares no operand";
  return {};
}

std::vector<Dispatch> conv_window(Lower& c, const Convolution& f, Toward toward) {
  const Layout l = layout_of(f, toward);
  const uint32_t lanes = c.caps.subgroup_size;
  std::vector<Dispatch> list;
  const TensorRef x = l.copied ? pad_planes(list, c, 0, l.rows, l.row, l.origin) : in_words(c.x(0));
  const bool wide = (toward == Toward::x ? f.width : f.out_width) % 4 == 0 && l.phases[1].size() == 1;
  const bool converted = c.out().dtype != DType::f32 && !wide;  // positions side by side would share words
  const TensorRef y = converted ? c.scratch(4 * static_cast<uint64_t>(c.out().elements())) : in_words(c.y());
  const Target target{x, y, lanes, wide, converted};
  for (const Phase& down : l.phases[0])
    for (const Phase& across : l.phases[1]) add_phase(list, c, f, toward, l, down, across, target);
  if (converted) list.push_back(add_conv_parts(c, y, 1));
  return list;
}

std::vector<Dispatch> conv_weight_window(Lower& c, const Convolution& f) {
  const Layout l = layout_of(f, Toward::y);
  const Phase &down = l.phases[0][0], &across = l.phases[1][0];
  const uint32_t lanes = c.caps.subgroup_size;
  std::vector<Dispatch> list;
  const TensorRef x = l.copied ? pad_planes(list, c, 0, l.rows, l.row, l.origin) : in_words(c.x(0));
  const int64_t fours = up(f.out_width, 4), pieces = std::max<int64_t>(up(fours, int64_t{kMostRounds}), 1);
  const TensorRef dy = f.out_width % 4 ? pad_planes(list, c, 1, f.out_height, fours, {}) : in_words(c.x(1));
  shaders::ConvWeightWindowParams p{.m = u32(l.out_channels),
                                    .groups = u32(f.groups),
                                    .channels = u32(l.x_channels),
                                    .lines = u32(f.images * f.out_height * pieces),
                                    .down = u32(f.out_height),
                                    .across = u32(fours),
                                    .dy_row = u32(fours),
                                    .dy_plane = u32(fours * f.out_height),
                                    .x_row = u32(l.row),
                                    .x_plane = u32(l.rows * l.row),
                                    .kernel_h = u32(f.kernel[0]),
                                    .stride_h = u32(down.stride),
                                    .dilation_h = u32(down.dilation),
                                    .pieces = u32(pieces),
                                    .piece = u32(std::max<int64_t>(up(fours, pieces), 1))};
  const int64_t tiles_m = up(l.out_channels, most_rows(f));
  const shaders::ConvWeightWindowSpec spec{.workgroup_size = lanes,
                                           .format = format_of(c.out().dtype),
                                           .rows = u32(up(l.out_channels, tiles_m)),
                                           .taps = u32(f.kernel[1]),
                                           .stride = u32(across.stride),
                                           .dilation = u32(across.dilation)};
  const int64_t tiles = tiles_m * f.groups * up(l.x_channels * f.kernel[0], lanes);
  // Enough workgroups for every core, and sums that stay short; each part's results are written and read once.
  const int64_t lines = std::max(p.lines, 1u);  // a batch of nothing is one part, which writes zeros
  const int64_t parts = std::clamp<int64_t>(up(kWantedGroups, tiles), 1, std::max<int64_t>(lines / kLeastLines, 1));
  p.part_lines = u32(std::min(up(lines, parts), std::max<int64_t>(2 * int64_t{kMostRounds} / p.piece, 1)));
  p.parts = u32(up(lines, p.part_lines));
  const bool in_place = p.parts == 1 && c.out().dtype == DType::f32;
  const TensorRef sums = in_place ? c.y() : c.scratch(4 * static_cast<uint64_t>(c.out().elements()) * p.parts);
  list.push_back({.kernel = &c.kernel("conv_weight_window"),
                  .tensors = {x, dy, sums},
                  .spec = spec,
                  .params = p,
                  .groups = static_cast<uint64_t>(tiles) * p.parts,
                  .cost = {x.bytes + dy.bytes + sums.bytes, f.flops()},
                  .subgroup_size = c.caps.subgroup_size_control ? lanes : 0});
  if (!in_place) list.push_back(add_conv_parts(c, sums, p.parts));
  return list;
}

}  // namespace lemnos::ops
