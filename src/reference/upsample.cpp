// Planes at another size, nearest or bilinear.
#include "reference/upsample.h"

#include <algorithm>

namespace lemnos::reference {

Resize resize(int64_t from, int64_t to, bool linear, bool align_corners) {
  if (!linear) return {from, 0, to};
  if (align_corners) return to > 1 ? Resize{from - 1, 0, to - 1} : Resize{0, 0, 1};
  return {2 * from, from - to, 2 * to};  // (o + 1/2) from / to - 1/2
}

namespace {

// Calls term(index within x's plane, index within y's plane, weight) for every element that a result reads.
template <typename Term>
void each_term_upsample(const Shape& x, const Shape& y, bool linear, bool align_corners, Term term) {
  struct Part {
    int64_t at;
    double weight;
  };
  const auto parts = [&](int64_t o, int64_t from, int64_t to) -> std::array<Part, 2> {
    const Resize r = resize(from, to, linear, align_corners);
    const int64_t at = std::max<int64_t>(o * r.mul + r.add, 0);
    const int64_t low = std::min(at / r.den, from - 1);
    const double part = linear ? static_cast<double>(at - low * r.den) / static_cast<double>(r.den) : 0.0;
    return {Part{low, 1 - part}, Part{std::min(low + 1, from - 1), part}};
  };
  const size_t rank = x.rank();
  const int64_t height = x[rank - 2], width = x[rank - 1], out_height = y[rank - 2], out_width = y[rank - 1];
  for (int64_t i = 0; i < out_height; ++i)
    for (int64_t j = 0; j < out_width; ++j)
      for (const Part& a : parts(i, height, out_height))
        for (const Part& b : parts(j, width, out_width))
          if (a.weight != 0 && b.weight != 0)
            term(static_cast<size_t>(a.at * width + b.at), static_cast<size_t>(i * out_width + j), a.weight * b.weight);
}

size_t plane_of(const Shape& s) { return static_cast<size_t>(s[s.rank() - 2] * s[s.rank() - 1]); }

void resample(const Reference& c, const Shape& small, const Shape& large, bool backward) {
  const auto attrs = c.attrs<UpsampleAttrs>();
  const size_t x_plane = plane_of(small), y_plane = plane_of(large);
  std::ranges::fill(c.out[0], 0.0);
  for (size_t p = 0; p < c.in[0].size() / (backward ? y_plane : x_plane); ++p)
    each_term_upsample(small, large, attrs.linear, attrs.align_corners, [&](size_t x, size_t y, double weight) {
      const size_t at_x = p * x_plane + x, at_y = p * y_plane + y;
      c.out[0][backward ? at_x : at_y] += weight * c.in[0][backward ? at_y : at_x];
    });
}

}  // namespace

void upsample(const Reference& c) { resample(c, c.in_shape(0), c.out_shape(), false); }
void upsample_backward(const Reference& c) { resample(c, c.out_shape(), c.in_shape(0), true); }

}  // namespace lemnos::reference
