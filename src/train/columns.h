// The arrays of a data set in one row, for whatever is done to each of them alike.
#pragma once

#include <string>
#include <vector>

#include "lemnos/data.h"

namespace lemnos::train {

/// Calls `act` with each array: x, further inputs; y, further targets and weights where there are any.
template <typename Data, typename Act>
void for_each_array(Data& data, Act act) {
  act(data.x);
  for (auto& input : data.more_inputs) act(input.values);
  if (data.y.desc.shape.rank() > 0) act(data.y);
  for (auto& target : data.more_targets) act(target.values);
  if (data.weights.desc.shape.rank() > 0) act(data.weights);
}

/// One of them, and what it is for.
struct ColumnView {
  enum class Use { input, target, weights };
  Use use;
  std::string name;  // "x", "x1", .. "y", "y1", .. "weights"
  const data::Array* array;
  float scale = 1, shift = 0;
  int64_t classes = 0;
};

/// In the same order.
std::vector<ColumnView> columns_of(const data::Dataset& data);

/// A description for `rows` rows of what one array holds.
inline TensorDesc with_rows(const TensorDesc& desc, int64_t rows) { return {desc.shape.with(0, rows), desc.dtype}; }
/// Bytes of one row.
inline size_t row_bytes(const TensorDesc& desc) { return TensorDesc{desc.shape.without(0), desc.dtype}.bytes(); }

}  // namespace lemnos::train
