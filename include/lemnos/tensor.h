// Shapes and element types. A tensor's memory is not described here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// Element types as stored. Arithmetic on f16 and bf16 accumulates in f32.
enum class DType : uint8_t { f32, f16, bf16, i32, u32, u8, boolean };

/// Bytes of one element in memory (a boolean takes one byte on the host and in files).
size_t size_of(DType dtype);
const char* to_string(DType dtype);
/// Parses "f32", "f16", ...; throws `not_found` naming the word.
DType dtype_from_string(const std::string& name);
constexpr bool is_floating(DType t) { return t == DType::f32 || t == DType::f16 || t == DType::bf16; }

/// The extents of a dense row-major tensor, outermost first; rank 0 is a scalar of one element.
class Shape {
 public:
  static constexpr size_t kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  /// Throws `invalid_argument` for more than kMaxRank axes, `out_of_range` for a negative extent or an element
  /// count past 2^60.
  explicit Shape(std::span<const int64_t> dims);

  /// The number of axes.
  size_t rank() const { return rank_; }
  int64_t operator[](size_t axis) const { return dims_[axis]; }
  /// The product of all extents.
  int64_t elements() const;
  /// All extents.
  std::span<const int64_t> dims() const { return {dims_.data(), rank_}; }
  /// The first extent.
  const int64_t* begin() const { return dims_.data(); }
  /// Past the last extent.
  const int64_t* end() const { return dims_.data() + rank_; }
  bool operator==(const Shape& other) const;

  /// Counts a negative axis from the end; throws `out_of_range` naming `who`, the axis and the shape.
  size_t axis(int64_t axis, const char* who) const;
  /// Both throw as the constructor.
  Shape with(size_t axis, int64_t extent) const;
  /// The shape without that axis.
  Shape without(size_t axis) const;
  /// The shape with one more axis, the last.
  Shape appended(int64_t extent) const;

 private:
  std::array<int64_t, kMaxRank> dims_{};
  uint8_t rank_ = 0;
};

std::string to_string(const Shape& shape);  // "[64, 784]"

/// Type and shape of a tensor.
struct TensorDesc {
  Shape shape;
  DType dtype = DType::f32;

  /// The number of elements.
  int64_t elements() const { return shape.elements(); }
  /// Their size.
  size_t bytes() const { return static_cast<size_t>(elements()) * size_of(dtype); }
  bool operator==(const TensorDesc&) const = default;
};

std::string to_string(const TensorDesc& desc);  // "f32[64, 784]"

}  // namespace lemnos

LEMNOS_END_PUBLIC
