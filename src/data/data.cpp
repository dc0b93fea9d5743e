#include "lemnos/data.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

#include "base/half.h"
#include "base/text.h"
#include "base/translate.h"
#include "data/columns.h"
#include "io/digits.h"
#include "io/mnist.h"
#include "io/npy.h"
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
  const size_t row = row_bytes(from.desc);
  Array part{with_rows(from.desc, end - begin), {}};
  const auto first = from.bytes.begin() + static_cast<std::ptrdiff_t>(row * static_cast<size_t>(begin));
  part.bytes.assign(first, first + static_cast<std::ptrdiff_t>(row * static_cast<size_t>(end - begin)));
  return part;
}

Dataset from_images(const io::ImageSet& images) {
  Dataset set;
  set.x.desc = {{images.count, 1, images.height, images.width}, DType::u8};
  set.x.bytes.resize(images.pixels.size());
  std::memcpy(set.x.bytes.data(), images.pixels.data(), images.pixels.size());
  set.y = Array::integers({images.count}, images.labels);
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
  return with_each_array(*this, [&](const Array& array) { return rows_of(array, begin, end); });
}

namespace {

void require_finite(const char* what, const ColumnView& column) {
  if (column.array->desc.dtype != DType::f32) return;
  const size_t row = row_bytes(column.array->desc);
  for (size_t at = 0; at < column.array->bytes.size(); at += sizeof(float)) {
    float value;
    std::memcpy(&value, column.array->bytes.data() + at, sizeof value);
    require(std::isfinite(value), ErrorCode::invalid_argument, what, ": ", column.name, " of example ", at / row,
            " is ", value, " at element ", at % row / sizeof value);
    require(column.use != ColumnView::Use::weights || value >= 0, ErrorCode::invalid_argument, what,
            ": the weight of example ", at / row, " is ", value, ", below 0");
  }
}

void require_type(const char* what, const ColumnView& column) {
  const TensorDesc& desc = column.array->desc;
  if (column.use == ColumnView::Use::input) {
    require(desc.shape.rank() >= 2, ErrorCode::shape_mismatch, what, ": ", column.name, " is ", desc,
            ", it needs an axis of examples and at least one of features");
    require(desc.dtype == DType::u8 || desc.dtype == DType::f32, ErrorCode::invalid_argument, what, ": ", column.name,
            " is ", desc, ", it takes u8 or f32");
  } else if (column.use == ColumnView::Use::target) {
    require(desc.dtype == (column.classes ? DType::i32 : DType::f32), ErrorCode::invalid_argument, what, ": ",
            column.name, " is ", desc,
            column.classes ? ", class indices are i32: convert with data::class_indices()" : ", values are f32");
  } else {
    require(desc.shape.rank() == 1 && desc.dtype == DType::f32, ErrorCode::shape_mismatch, what, ": weights is ", desc,
            ", it takes one f32 for each example");
  }
}

void require_labels(const char* what, const ColumnView& column) {
  for (int64_t i = 0; column.classes && i < column.array->desc.elements(); ++i) {
    int32_t label;
    std::memcpy(&label, column.array->bytes.data() + static_cast<size_t>(i) * sizeof label, sizeof label);
    require(label < column.classes, ErrorCode::out_of_range, what, ": label ", label, " of example ", i,
            " is not below ", column.classes, " classes");
  }
}

}  // namespace

void Dataset::check(const char* what) const {
  const std::vector<ColumnView> columns = columns_of(*this);
  for (const ColumnView& column : columns) {
    const TensorDesc& desc = column.array->desc;
    if (column.use == ColumnView::Use::input) require_type(what, column);
    require(size() >= 1, ErrorCode::invalid_argument, what, ": the data set is empty: x is ", x.desc);
    require(desc.shape.rank() >= 1 && desc.shape[0] == size(), ErrorCode::shape_mismatch, what, ": ", size(),
            " examples in x ", x.desc, " but ", column.name, " is ", desc);
    require(column.array->bytes.size() == desc.bytes(), ErrorCode::shape_mismatch, what, ": ",
            column.array->bytes.size(), " bytes for ", column.name, " ", desc, ", it takes ", desc.bytes());
    require_type(what, column);
    require_finite(what, column);
    require_labels(what, column);
  }
}

namespace {

template <typename T>
T element(const Array& array, int64_t index) {
  T value;
  std::memcpy(&value, array.bytes.data() + static_cast<size_t>(index) * sizeof value, sizeof value);
  return value;
}

}  // namespace

Array npy(const std::filesystem::path& path) {
  return translated(path.string(), [&]() -> Array {
    const io::NpyArray read = io::read_npy(path);
    const auto bytes = std::as_bytes(std::span(read.bytes));
    Array array{read.desc, {bytes.begin(), bytes.end()}};
    if (read.desc.dtype == DType::boolean) array.desc.dtype = DType::u8;
    if (read.desc.dtype == DType::u32) return class_indices(array);
    if (read.desc.dtype != DType::f16) return array;
    std::vector<float> values(static_cast<size_t>(read.desc.shape.elements()));
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = f16_to_float(element<uint16_t>(array, static_cast<int64_t>(i)));
    return Array::floats(read.desc.shape, values);
  });
}

Array class_indices(const Array& labels) {
  const TensorDesc& desc = labels.desc;
  require(labels.bytes.size() == desc.bytes(), ErrorCode::shape_mismatch, "class_indices: ", labels.bytes.size(),
          " bytes for ", desc, ", it takes ", desc.bytes());
  require(!is_floating(desc.dtype), ErrorCode::invalid_argument, "class_indices: ", desc, " does not contain integers");
  if (desc.dtype == DType::i32) return labels;
  return translated("class_indices", [&] {
    std::vector<int32_t> indices(static_cast<size_t>(desc.shape.elements()));
    for (size_t i = 0; i < indices.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      const uint32_t value =
          desc.dtype == DType::u32 ? element<uint32_t>(labels, at) : uint32_t{element<uint8_t>(labels, at)};
      require(std::in_range<int32_t>(value), ErrorCode::out_of_range, "class_indices: element ", i, " is ", value,
              ", past the range of i32");
      indices[i] = static_cast<int32_t>(value);
    }
    return Array::integers(desc.shape, indices);
  });
}

Split mnist(const std::filesystem::path& folder, const MnistOptions& options) {
  return translated(folder.string(), [&]() -> Split {
    const io::ImageSplit split =
        io::read_mnist(folder, {.classes = options.classes, .prefix = options.prefix, .max_bytes = options.max_bytes});
    return {from_images(split.train), from_images(split.test)};
  });
}

Split digits(int64_t train, int64_t test, uint64_t seed) {
  return translated("digits", [&]() -> Split {
    const io::ImageSplit split = io::digits(train, test, seed);
    return {from_images(split.train), from_images(split.test)};
  });
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
  return translated("spirals", [&] { return from_points(io::make_spirals(count, classes, noise, seed)); });
}
Dataset moons(int64_t count, double noise, uint64_t seed) {
  return translated("moons", [&] { return from_points(io::make_moons(count, noise, seed)); });
}
Dataset xor_clouds(int64_t count, double noise, uint64_t seed) {
  return translated("xor_clouds", [&] { return from_points(io::make_xor(count, noise, seed)); });
}

namespace {

Source reading(std::shared_ptr<const Dataset> data) {
  return {.rows = data->size(),
          .like = data->slice(0, 0),
          .read = [data](std::span<const int64_t> rows, std::span<std::byte* const> columns) {
            size_t column = 0;
            for_each_array(*data, [&](const Array& from) {
              std::byte* to = columns[column++];
              const size_t bytes = row_bytes(from.desc);
              for (const int64_t row : rows) {
                std::memcpy(to, from.bytes.data() + static_cast<size_t>(row) * bytes, bytes);
                to += bytes;
              }
            });
          }};
}

}  // namespace

Source source_of(const Dataset& data) {
  data.check("source");
  return reading({std::shared_ptr<const Dataset>(), &data});  // not owned
}

Source source_of(Dataset&& data) {
  data.check("source");
  return reading(std::make_shared<const Dataset>(std::move(data)));
}

}  // namespace lemnos::data
