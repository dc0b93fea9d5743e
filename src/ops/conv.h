// Convolutions as their kernels see them, and the ways to launch one.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "reference/conv.h"

namespace lemnos::ops {

/// One convolution: x[images, in, height, width], y[images, out, out_height, out_width]; pairs are {along height,
/// width}.
struct Convolution {
  int64_t images, in, height, width, out, out_height, out_width, groups;
  std::array<int64_t, 2> kernel, stride, padding, dilation;

  int64_t plane() const { return height * width; }
  int64_t out_plane() const { return out_height * out_width; }
  int64_t taps() const { return kernel[0] * kernel[1]; }
  uint64_t flops() const { return 2 * static_cast<uint64_t>(images * out_plane() * out * (in / groups) * taps()); }
};

/// Extents are int64_t and passed to kernels in 32 bits; `infer` and count32 ensure that they fit.
inline uint32_t u32(int64_t v) { return static_cast<uint32_t>(v); }
inline int32_t i32(int64_t v) { return static_cast<int32_t>(v); }
inline int64_t up(int64_t n, int64_t d) { return (n + d - 1) / d; }

/// Which way planes flow: conv2d makes y from x, its gradient makes x from y.
enum class Toward { y, x };

/// A gradient that flows back through a stride falls into phases, each a convolution without a stride: places of the
/// result along one axis that meet the same taps, and where: the first of them meets its first tap at `origin` of x,
/// which may lie before it.
struct Phase {
  int64_t taps, tap_first, tap_step;          // of the kernel
  int64_t places, result_first, result_step;  // of the result
  int64_t origin, stride, dilation;           // of x
  int64_t end() const { return origin + (places - 1) * stride + (taps - 1) * dilation + 1; }
};
/// Along height (0) or width (1). Forward there is one.
std::vector<Phase> phases_of(const Convolution& f, Toward toward, size_t axis);
/// Why a convolution does not fall into such phases.
std::string refuse_phases(const Convolution& f, Toward toward);

/// The portable kernels: no shared memory, no subgroups, any shape.
std::vector<Dispatch> conv_direct(Lower& c, const Convolution& f, Toward toward);
std::vector<Dispatch> conv_weight_direct(Lower& c, const Convolution& f);

/// Windows of padded planes: quick where shared memory is plain memory.
std::vector<Dispatch> conv_window(Lower& c, const Convolution& f, Toward toward);
std::string refuse_conv_window(const Lower& c, const Convolution& f, Toward toward);

std::vector<Dispatch> conv_weight_window(Lower& c, const Convolution& f);

/// As a product through shared memory.
std::vector<Dispatch> conv_tiled(Lower& c, const Convolution& f, Toward toward);
std::vector<Dispatch> conv_weight_tiled(Lower& c, const Convolution& f);
std::string refuse_conv_tiled(const Lower& c, const Convolution& f, Toward toward);

/// The parameters of the function in a kernel's epilogue.
template <typename Params>
void set_function(Params& params, const ConvEpilogue& epilogue) {
  params.a = static_cast<float>(epilogue.a);
  params.b = static_cast<float>(epilogue.b);
}

/// Adds `parts` f32 results of the node's output in order and stores them in its dtype.
Dispatch add_conv_parts(Lower& c, const TensorRef& sums, uint32_t parts);

}  // namespace lemnos::ops
