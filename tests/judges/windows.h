// Windows that go over lines, planes and volumes, by the ops that Lemnos has for planes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "judges/helpers.h"

namespace lemnos::judges {

/// What a pool is told along each of its one to three axes.
struct Windows {
  Axes kernel, stride, padding, dilation;
  bool ceil = false, count_include_pad = true;

  size_t axes() const { return kernel.size(); }
  Pool2dOptions of(size_t first) const {
    const auto pair = [&](const Axes& numbers) { return std::array<int64_t, 2>{numbers[first], numbers[first + 1]}; };
    return {pair(kernel), pair(stride), pair(padding), pair(dilation), ceil, count_include_pad};
  }
};

/// x[.., D, H, W] by a function of planes: first each [H, W], then all [D, HW].
template <typename Planes, typename Columns>
Value by_planes(Value x, Planes planes, Columns columns) {
  const size_t depth = x.shape().rank() - 3;
  const Value y = planes(x);
  Axes dims = dims_of(y), flat_dims(dims.begin(), dims.end() - 2);
  flat_dims.push_back(dims[depth + 1] * dims[depth + 2]);
  const Value z = columns(reshape(y, flat_dims));
  dims[depth] = z.shape()[depth];
  return reshape(z, dims);
}

/// Windows of one axis are those of a plane of one row, and windows of volumes are taken in two steps.
Value pooled(Value x, Windows w, const std::function<Value(Value, Pool2dOptions)>& f);
/// The number of each element within the last axes.
Value numbered(Value x, size_t axes);

}  // namespace lemnos::judges
