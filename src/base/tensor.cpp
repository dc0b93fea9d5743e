#include "lemnos/tensor.h"

#include <algorithm>

#include "base/text.h"

namespace lemnos {

namespace {
struct DTypeRow {
  DType dtype;
  const char* name;
  size_t bytes;
};
constexpr DTypeRow kDTypes[] = {{DType::f32, "f32", 4},     {DType::f16, "f16", 2}, {DType::bf16, "bf16", 2},
                                {DType::i32, "i32", 4},     {DType::u32, "u32", 4}, {DType::u8, "u8", 1},
                                {DType::boolean, "bool", 1}};
const DTypeRow& row_of(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }
}  // namespace

size_t size_of(DType dtype) { return row_of(dtype).bytes; }
const char* to_string(DType dtype) { return row_of(dtype).name; }

DType dtype_from_string(const std::string& name) {
  for (const DTypeRow& row : kDTypes)
    if (name == row.name) return row.dtype;
  fail(ErrorCode::not_found, "dtype '", name, "' is unknown; there are f32, f16, bf16, i32, u32, u8, bool");
}

Shape::Shape(std::span<const int64_t> dims) {
  require(dims.size() <= kMaxRank, ErrorCode::invalid_argument, "shape: ", dims.size(), " axes, at most ", kMaxRank);
  int64_t product = 1;
  for (int64_t extent : dims) {
    require(extent >= 0, ErrorCode::out_of_range, "shape: extent ", extent, " of axis ", int{rank_}, " is negative");
    const bool fits = extent == 0 || product <= (int64_t{1} << 60) / extent;  // so that bytes fit too
    require(fits, ErrorCode::out_of_range, "shape: more than 2^60 elements");
    product *= extent;
    dims_[rank_++] = extent;
  }
}

int64_t Shape::elements() const {
  int64_t product = 1;
  for (int64_t extent : dims()) product *= extent;
  return product;
}

bool Shape::operator==(const Shape& other) const { return std::ranges::equal(dims(), other.dims()); }

size_t Shape::axis(int64_t axis, const char* who) const {
  const int64_t counted = axis < 0 ? axis + static_cast<int64_t>(rank_) : axis;
  require(counted >= 0 && counted < static_cast<int64_t>(rank_), ErrorCode::out_of_range, who, ": axis ", axis,
          " is out of range for shape ", to_string(*this));
  return static_cast<size_t>(counted);
}

Shape Shape::with(size_t axis, int64_t extent) const {
  Shape copy = *this;
  copy.dims_[axis] = extent;
  return Shape(copy.dims());
}

Shape Shape::without(size_t axis) const {
  Shape copy;
  for (size_t i = 0; i < rank_; ++i)
    if (i != axis) copy.dims_[copy.rank_++] = dims_[i];
  return Shape(copy.dims());
}

Shape Shape::appended(int64_t extent) const {
  std::array<int64_t, kMaxRank + 1> dims{};
  std::ranges::copy(this->dims(), dims.begin());
  dims[rank_] = extent;
  return Shape(std::span<const int64_t>(dims.data(), rank_ + size_t{1}));
}

std::string to_string(const Shape& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.rank(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

std::string to_string(const TensorDesc& desc) { return std::string(to_string(desc.dtype)) + to_string(desc.shape); }

}  // namespace lemnos
