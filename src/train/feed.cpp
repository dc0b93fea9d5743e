#include "train/feed.h"

#include "base/text.h"
#include "lemnos/ops.h"
#include "train/columns.h"

namespace lemnos::train {

void require_batches(const data::Dataset& data, const Order& order) {
  require(order.batch >= 1, ErrorCode::invalid_argument, "data set: a batch of ", order.batch,
          " examples; it takes at least 1");
  require(!order.drop_last || data.size() >= order.batch, ErrorCode::invalid_argument, "data set: ", data.size(),
          " examples make no whole batch of ", order.batch, ", and what is not whole is dropped");
}

Feed::Feed(Graph& graph, const std::string& name, Value state, const data::Dataset& data, const Order& order,
           uint64_t seed)
    : samples_(data.size()), order_(order) {
  require_batches(data, order);
  const std::vector<ColumnView> views = columns_of(data);
  for (const ColumnView& view : views) {
    columns_.push_back(graph.input(name + "." + view.name, view.array->desc));
    forms_.push_back({view.use, view.scale, view.shift, view.classes});
  }
  const Value rows = batch_indices(
      state,
      {.samples = samples_, .batch = order.batch, .shuffle = order.shuffle, .seed = static_cast<uint32_t>(seed)});
  for (size_t i = 0; i < views.size(); ++i) {
    if (views[i].use == ColumnView::Use::input)
      batch_.x.push_back(gather(columns_[i], rows, {.scale = views[i].scale, .shift = views[i].shift}));
    // A class index of -1 is ignored by losses and metrics: what the padding of the last batch must be.
    else if (views[i].use == ColumnView::Use::target)
      batch_.y.push_back(views[i].classes ? gather(columns_[i], rows, {.fill = -1}) : gather(columns_[i], rows));
    else
      batch_.mask = gather(columns_[i], rows);
  }
  if (batch_.mask.rows) return;
  // 0 x + 1 for the rows that exist and 0 for the padding; pruned where no loss asks for it.
  const Value ones = gather(columns_[0], rows, {.scale = 0, .shift = 1, .fill = 0});
  batch_.mask = loss::Mask(mean(flatten(ones), {1}), false);
}

bool Feed::fits(const data::Dataset& data, const Order& order) const {
  const std::vector<ColumnView> views = columns_of(data);
  if (views.size() != columns_.size() || order != order_) return false;
  for (size_t i = 0; i < views.size(); ++i) {
    const Form form{views[i].use, views[i].scale, views[i].shift, views[i].classes};
    if (views[i].array->desc != columns_[i].desc() || form != forms_[i]) return false;
  }
  return true;
}

void Feed::upload(Session& session, const data::Dataset& data) const {
  size_t column = 0;
  for_each_array(data, [&](const data::Array& array) { session.write(columns_[column++], array.bytes); });
}

}  // namespace lemnos::train
