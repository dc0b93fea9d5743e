// All arrays of a data set in order, for operations on each of them.
#pragma once

#include <string>
#include <vector>

#include "lemnos/data.h"

namespace lemnos::data {

/// Calls `act` with each array: x, further inputs; y, further targets and weights if there are any.
template <typename Data, typename Act>
void for_each_array(Data& data, Act act) {
  act(data.x);
  for (auto& input : data.more_inputs) act(input.values);
  if (data.y.desc.shape.rank() > 0) act(data.y);
  for (auto& target : data.more_targets) act(target.values);
  if (data.weights.desc.shape.rank() > 0) act(data.weights);
}

/// The data set with make(array) instead of each array; no other copy of an array is made.
template <typename Make>
Dataset with_each_array(const Dataset& data, Make make) {
  // A field that is added has to be carried over here, or this does not compile.
  const auto& [x, y, scale, shift, classes, more_inputs, more_targets, weights] = data;
  const auto of_columns = [&](const std::vector<Column>& from) {
    std::vector<Column> to;
    for (const auto& [values, column_scale, column_shift, column_classes] : from)
      to.push_back({make(values), column_scale, column_shift, column_classes});
    return to;
  };
  const auto if_there = [&](const Array& array) { return array.desc.shape.rank() ? make(array) : Array{}; };
  return {make(x),          if_there(y), scale, shift, classes, of_columns(more_inputs), of_columns(more_targets),
          if_there(weights)};
}

/// One array and its role.
struct ColumnView {
  enum class Use { input, target, weights };
  Use use;
  std::string name;  // "x", "x1", .. "y", "y1", .. "weights"
  const Array* array;
  float scale = 1, shift = 0;
  int64_t classes = 0;
  bool operator==(const ColumnView&) const = default;
};

/// In the same order.
std::vector<ColumnView> columns_of(const Dataset& data);

/// The description of `rows` rows of an array.
inline TensorDesc with_rows(const TensorDesc& desc, int64_t rows) { return {desc.shape.with(0, rows), desc.dtype}; }
/// Bytes of one row.
inline size_t row_bytes(const TensorDesc& desc) { return TensorDesc{desc.shape.without(0), desc.dtype}.bytes(); }

}  // namespace lemnos::data
