#include "data/columns.h"

#include "base/text.h"

namespace lemnos::data {

std::vector<ColumnView> columns_of(const Dataset& data) {
  std::vector<ColumnView> columns{{ColumnView::Use::input, "x", &data.x, data.scale, data.shift}};
  for (size_t i = 0; i < data.more_inputs.size(); ++i) {
    const Column& c = data.more_inputs[i];
    columns.push_back({ColumnView::Use::input, text("x", i + 1), &c.values, c.scale, c.shift});
  }
  if (data.y.desc.shape.rank() > 0) columns.push_back({ColumnView::Use::target, "y", &data.y, 1, 0, data.classes});
  for (size_t i = 0; i < data.more_targets.size(); ++i) {
    const Column& c = data.more_targets[i];
    columns.push_back({ColumnView::Use::target, text("y", i + 1), &c.values, 1, 0, c.classes});
  }
  if (data.weights.desc.shape.rank() > 0) columns.push_back({ColumnView::Use::weights, "weights", &data.weights});
  return columns;
}

}  // namespace lemnos::data
