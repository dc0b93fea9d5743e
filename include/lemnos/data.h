// Data sets: features and targets as bytes on the host, and where they come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "lemnos/tensor.h"

namespace lemnos::data {

/// A tensor with its content.
struct Array {
  TensorDesc desc;
  std::vector<std::byte> bytes;

  static Array floats(const Shape& shape, const std::vector<float>& values);
  static Array integers(const Shape& shape, const std::vector<int32_t>& values);
};

/// Features x [N, ..] (u8 or f32) and targets y: class indices i32[N], or values f32[N, ..]. A batch sees
/// scale * x + shift as f32.
struct Dataset {
  Array x;
  Array y;
  float scale = 1;
  float shift = 0;
  int64_t classes = 0;  // 0: y holds values

  int64_t size() const { return x.desc.shape.rank() ? x.desc.shape[0] : 0; }
  /// The shape of one example.
  Shape example() const { return x.desc.shape.without(0); }
  /// Rows [begin, end). Throws `out_of_range`.
  Dataset slice(int64_t begin, int64_t end) const;
  /// Throws `shape_mismatch` or `out_of_range` naming `what` when x, y, bytes and classes contradict each other.
  void check(const char* what) const;
};

struct Split {
  Dataset train;
  Dataset test;
};

/// MNIST or a set of the same format from its four IDX files, plain or .gz. Images as u8 [N, 1, 28, 28], scaled to [0,
/// 1]. Throws `not_found`, `corrupt_data`, ... naming the file and both numbers.
Split mnist(const std::filesystem::path& folder);

/// The built-in drawn digits: ten classes of 28 x 28, as mnist() gives them; equal on every machine for a seed.
Split digits(int64_t train = 20000, int64_t test = 4000, uint64_t seed = 1);

/// The four points of exclusive or: x f32[4, 2], y f32[4, 1].
Dataset logic_xor();

}  // namespace lemnos::data
