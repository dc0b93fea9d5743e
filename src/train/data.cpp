#include "lemnos/data.h"

#include <cmath>
#include <cstring>

#include "base/text.h"
#include "io/digits.h"
#include "io/mnist.h"
#include "io/toy_sets.h"

namespace lemnos::data {

namespace {

template <typename T>
Array array_of(const Shape& shape, DType dtype, const std::vector<T>& values) {
  require(static_cast<int64_t>(values.size()) == shape.elements(), ErrorCode::shape_mismatch, "array: ", values.size(),
          " values for shape ", shape);
  Array array{{shape, dtype}, std::vector<std::byte>(values.size() * sizeof(T))};
  if (!values.empty()) std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

Array rows_of(const Array& from, int64_t begin, int64_t end) {
  const int64_t rows = from.desc.shape[0];
  const size_t row = rows ? from.desc.bytes() / static_cast<size_t>(rows) : 0;
  Array part{{from.desc.shape.with(0, end - begin), from.desc.dtype}, {}};
  const auto first = from.bytes.begin() + static_cast<std::ptrdiff_t>(row * static_cast<size_t>(begin));
  part.bytes.assign(first, first + static_cast<std::ptrdiff_t>(row * static_cast<size_t>(end - begin)));
  return part;
}

Dataset from_images(const io::ImageSet& images) {
  Dataset set;
  set.x.desc = {{images.count, 1, images.height, images.width}, DType::u8};
  set.x.bytes.resize(images.pixels.size());
  std::memcpy(set.x.bytes.data(), images.pixels.data(), images.pixels.size());
  set.y = array_of(Shape{images.count}, DType::i32, std::vector<int32_t>(images.labels.begin(), images.labels.end()));
  set.scale = 1.0f / 255;
  set.classes = images.classes;
  return set;
}

Dataset from_points(const io::FeatureSet& set) {
  return {.x = Array::floats({set.count, set.features}, set.x),
          .y = Array::integers({set.count}, set.labels),
          .classes = set.classes};
}

}  // namespace

Array Array::floats(const Shape& shape, const std::vector<float>& values) {
  return array_of(shape, DType::f32, values);
}
Array Array::integers(const Shape& shape, const std::vector<int32_t>& values) {
  return array_of(shape, DType::i32, values);
}

Dataset Dataset::slice(int64_t begin, int64_t end) const {
  require(begin >= 0 && begin <= end && end <= size(), ErrorCode::out_of_range, "data set: rows ", begin, " to ", end,
          " of ", size());
  Dataset part = *this;
  part.x = rows_of(x, begin, end);
  part.y = rows_of(y, begin, end);
  return part;
}

namespace {

void require_finite(const char* what, const char* part, const Array& array) {
  if (array.desc.dtype != DType::f32) return;
  const size_t row = array.desc.bytes() / static_cast<size_t>(array.desc.shape[0]);
  for (size_t at = 0; at < array.bytes.size(); at += sizeof(float)) {
    float value;
    std::memcpy(&value, array.bytes.data() + at, sizeof value);
    require(std::isfinite(value), ErrorCode::invalid_argument, what, ": ", part, " of example ", at / row, " is ",
            value, " at element ", at % row / sizeof value);
  }
}

}  // namespace

void Dataset::check(const char* what) const {
  require(x.desc.shape.rank() >= 2, ErrorCode::shape_mismatch, what, ": x is ", x.desc,
          ", it needs an axis of examples and at least one of features");
  require(size() >= 1, ErrorCode::invalid_argument, what, ": the data set is empty: x is ", x.desc);
  require(x.desc.dtype == DType::u8 || x.desc.dtype == DType::f32, ErrorCode::invalid_argument, what, ": x is ", x.desc,
          ", it takes u8 or f32");
  require(y.desc.shape.rank() >= 1 && y.desc.shape[0] == size(), ErrorCode::shape_mismatch, what, ": ", size(),
          " examples in x ", x.desc, " but y is ", y.desc);
  require(x.bytes.size() == x.desc.bytes() && y.bytes.size() == y.desc.bytes(), ErrorCode::shape_mismatch, what, ": ",
          x.bytes.size(), " and ", y.bytes.size(), " bytes for x ", x.desc, " and y ", y.desc);
  require(y.desc.dtype == (classes ? DType::i32 : DType::f32), ErrorCode::invalid_argument, what, ": y is ", y.desc,
          classes ? ", class indices are i32" : ", values are f32");
  require_finite(what, "x", x);
  require_finite(what, "y", y);
  if (!classes) return;
  for (int64_t i = 0; i < y.desc.elements(); ++i) {
    int32_t label;
    std::memcpy(&label, y.bytes.data() + static_cast<size_t>(i) * sizeof label, sizeof label);
    require(label < classes, ErrorCode::out_of_range, what, ": label ", label, " of example ", i, " is not below ",
            classes, " classes");
  }
}

Split mnist(const std::filesystem::path& folder) {
  const io::ImageSplit split = io::read_mnist(folder);
  return {from_images(split.train), from_images(split.test)};
}

Split digits(int64_t train, int64_t test, uint64_t seed) {
  const io::ImageSplit split = io::digits(train, test, seed);
  return {from_images(split.train), from_images(split.test)};
}

Dataset logic_xor() { return logic_gate("xor"); }

Dataset logic_gate(const std::string& name) {
  using io::LogicGate;
  const std::pair<const char*, LogicGate> gates[] = {{"and", LogicGate::logic_and},   {"or", LogicGate::logic_or},
                                                     {"nand", LogicGate::logic_nand}, {"nor", LogicGate::logic_nor},
                                                     {"xor", LogicGate::logic_xor},   {"xnor", LogicGate::logic_xnor}};
  for (const auto& [known, gate] : gates) {
    if (name != known) continue;
    const io::FeatureSet set = io::logic_gate(gate);
    return {.x = Array::floats({set.count, set.features}, set.x),
            .y = Array::floats({set.count, 1}, std::vector<float>(set.labels.begin(), set.labels.end()))};
  }
  fail(ErrorCode::not_found, "logic_gate: no gate '", name, "'; there are and, or, nand, nor, xor, xnor");
}

Dataset spirals(int64_t count, int64_t classes, double noise, uint64_t seed) {
  return from_points(io::make_spirals(count, classes, noise, seed));
}
Dataset moons(int64_t count, double noise, uint64_t seed) { return from_points(io::make_moons(count, noise, seed)); }
Dataset xor_clouds(int64_t count, double noise, uint64_t seed) { return from_points(io::make_xor(count, noise, seed)); }

}  // namespace lemnos::data
