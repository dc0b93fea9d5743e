// The sums over channels that batch normalisation and the parameters of the others need: in chunks, then combined in
// order.
#pragma once

#include <algorithm>

#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "shaders/norm_channels.h"
#include "shaders/norm_columns.h"
#include "shaders/norm_finish.h"

namespace lemnos::ops {

/// x as [images, channels, inner].
struct Channels {
  uint32_t images, channels, inner;
  uint32_t total() const { return images * inner; }
};
inline Channels channels_of(int64_t elements, int64_t channels, int64_t inner) {
  return {static_cast<uint32_t>(elements / channels / inner), static_cast<uint32_t>(channels),
          static_cast<uint32_t>(inner)};
}

/// What is summed: `dy` and `stats` count for gradients only. `groups` of the statistics: 0 for one a channel.
struct Summed {
  uint32_t function;  // NORM_STATISTICS or NORM_GRADIENTS
  TensorRef x, dy, stats;
  DType dtype;
  uint32_t groups = 0;
  bool per_row = false;  // statistics belong to the image; only where inner is 1
  TensorRef rows = {};   // u32[1]: only so many images count in statistics, the first; none: all
};

struct Sums {
  std::vector<Dispatch> dispatches;
  TensorRef partial;
  uint32_t chunks, chunk_size;
  TensorRef rows = {};
};

/// Where channels lie side by side, four columns to an invocation.
inline Sums column_sums(Lower& c, const Channels& shape, const Summed& s) {
  const uint64_t quads = divide_up(shape.channels, 4), wanted = c.caps.software ? 64 : 8192;
  const uint64_t most = std::clamp<uint64_t>(divide_up(shape.images, 16), 1, 256);
  const auto rows = static_cast<uint32_t>(
      std::min(divide_up(shape.images, std::clamp<uint64_t>(wanted / quads, 1, most)), kMostRounds));
  const auto chunks = static_cast<uint32_t>(divide_up(shape.images, rows));
  const shaders::NormColumnsSpec spec{.workgroup_size = c.caps.software ? 8u : 64u,
                                      .format = format_of(s.dtype),
                                      .function = s.function,
                                      .per_row = s.per_row,
                                      .wide = shape.channels % 4 == 0,
                                      .counted = s.rows.bytes != 0};
  const TensorRef partial = c.scratch(8ull * chunks * shape.channels);
  const uint64_t elements = uint64_t{shape.images} * shape.channels;
  return {{{.kernel = &c.kernel("norm_columns"),
            .tensors = {s.x, s.dy, s.stats, partial, s.rows.bytes ? s.rows : s.x},
            .spec = spec,
            .params = shaders::NormColumnsParams{shape.images, shape.channels, chunks, rows},
            .groups = divide_up(quads * chunks, spec.workgroup_size),
            .cost = {s.x.bytes + s.dy.bytes + partial.bytes, 6 * elements}}},
          partial,
          chunks,
          rows,
          s.rows};
}

/// A workgroup to a chunk of a channel, or column_sums where channels lie side by side.
inline Sums channel_sums(Lower& c, const Channels& shape, const Summed& s) {
  if (shape.inner == 1 && s.groups == 0) return column_sums(c, shape, s);
  const uint64_t wanted = c.caps.software ? 16 : 1024, least = 1024;
  const uint64_t chunks_wanted =
      std::clamp<uint64_t>(divide_up(wanted, shape.channels), 1, std::max<uint64_t>(shape.total() / least, 1));
  const uint64_t longest = c.caps.subgroup_size * kMostRounds;  // as few as walk a chunk
  const auto size = static_cast<uint32_t>(
      std::min(divide_up(divide_up(shape.total(), chunks_wanted), 4) * 4, divide_up(longest, 4) * 4));
  const auto chunks = static_cast<uint32_t>(divide_up(shape.total(), size));
  const shaders::NormChannelsSpec spec{
      .workgroup_size = c.caps.software ? c.caps.subgroup_size : row_workgroup(size, c.caps),
      .format = format_of(s.dtype),
      .function = s.function,
      .wide = shape.inner % 4 == 0,
      .counted = s.rows.bytes != 0};
  const Divisor inner = shape.inner > 1 ? divisor(shape.inner) : Divisor{};
  const TensorRef partial = c.scratch(8ull * chunks * shape.channels);
  return {{{.kernel = &c.kernel(std::string("norm_channels.") + c.variant()),
            .tensors = {s.x, s.dy, s.stats, partial, s.rows.bytes ? s.rows : s.x},
            .spec = spec,
            .params = shaders::NormChannelsParams{shape.channels, shape.inner, inner.multiplier, inner.shift,
                                                  shape.total(), chunks, size, s.groups},
            .groups = uint64_t{chunks} * shape.channels,
            .cost = {s.x.bytes + s.dy.bytes + partial.bytes, 6ull * shape.total() * shape.channels}}},
          partial,
          chunks,
          size,
          s.rows};
}

/// Combines the chunks: {mean, rstd} into `result` and the variance into `first`, or the gradient's sums into `result`
/// and dgamma and dbeta, of dtype `gamma`, into `first` and `second`.
inline Dispatch finish_sums(Lower& c, const Channels& shape, const Sums& sums, uint32_t function, float eps,
                            TensorRef result, TensorRef first, TensorRef second, DType gamma) {
  const shaders::NormFinishSpec spec{
      .workgroup_size = 64, .function = function, .first_format = format_of(gamma), .counted = sums.rows.bytes != 0};
  return {.kernel = &c.kernel("norm_finish"),
          .tensors = {sums.partial, result, first, second, sums.rows.bytes ? sums.rows : sums.partial},
          .spec = spec,
          .params =
              shaders::NormFinishParams{shape.channels, sums.chunks, sums.chunk_size, shape.total(), shape.inner, eps},
          .groups = divide_up(divide_up(shape.channels, 4), spec.workgroup_size),
          .cost = {sums.partial.bytes + result.bytes + first.bytes + second.bytes, 4ull * sums.partial.bytes / 4}};
}

/// gamma and beta: one number a channel, in the dtype of x or in f32.
inline void require_channels(const Infer& in, size_t i, const Shape& shape) {
  require_float(in, i);
  require(in.in[i].shape == shape && (in.in[i].dtype == in.in[0].dtype || in.in[i].dtype == DType::f32) &&
              in.in[i].dtype == in.in[1].dtype,
          ErrorCode::shape_mismatch, in.op.name, ": input ", i, " is ", in.in[i], " for x ", in.in[0], ", it takes ",
          shape);
}

}  // namespace lemnos::ops
