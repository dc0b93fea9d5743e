#include "train/feed.h"

#include "base/text.h"
#include "data/columns.h"
#include "lemnos/ops.h"

namespace lemnos::train {

void require_batches(int64_t rows, const Order& order) {
  require(order.batch >= 1, ErrorCode::invalid_argument, "data set: a batch of ", order.batch,
          " examples; it takes at least 1");
  require(!order.drop_last || rows >= order.batch, ErrorCode::invalid_argument, "data set: ", rows,
          " examples are less than one batch of ", order.batch, ", and incomplete batches are dropped");
}

int64_t batches_of(int64_t rows, const Order& order) {
  return (rows + (order.drop_last ? 0 : order.batch - 1)) / order.batch;
}

namespace {
data::ColumnView without_array(data::ColumnView view) {
  view.array = nullptr;
  return view;
}
}  // namespace

Feed::Feed(Graph& graph, Value state, const data::Dataset& like, const Order& order, const Room& room, uint64_t seed)
    : order_(order), room_(room) {
  const int64_t rows_there = room.window ? room.window * order.batch : room.rows;
  const std::vector<data::ColumnView> views = columns_of(like);
  for (const data::ColumnView& view : views) {
    columns_.push_back(graph.input("data." + view.name, data::with_rows(view.array->desc, rows_there)));
    views_.push_back(without_array(view));
  }
  const BatchRows rows = batch_rows(state, {.batch = order.batch,
                                            .shuffle = order.shuffle && !room.window,
                                            .seed = static_cast<uint32_t>(seed),
                                            .window = room.window});
  const Value zero = full(graph, Shape{}, 0, DType::i32);
  batch_.there = cast(greater_equal(rows.rows, zero), DType::f32);  // pruned where nobody asks for it
  batch_.mask = loss::Mask(batch_.there, false);
  if (!order.drop_last) batch_.count = rows.count;
  for (size_t i = 0; i < views.size(); ++i) {
    if (views[i].use == data::ColumnView::Use::input)
      batch_.x.push_back(gather(columns_[i], rows.padded, {.scale = views[i].scale, .shift = views[i].shift}));
    // Padding repeats the batch's first row, for a model may have no finite answer to zeros. A class index of -1 is
    // ignored by losses and metrics, as the padding of the last batch requires.
    else if (views[i].use == data::ColumnView::Use::target)
      batch_.y.push_back(views[i].classes ? gather(columns_[i], rows.rows, {.fill = -1})
                                          : gather(columns_[i], rows.padded));
    else
      batch_.mask = gather(columns_[i], rows.rows);
  }
}

bool Feed::fits(const data::Dataset& like, const Order& order) const {
  const std::vector<data::ColumnView> views = columns_of(like);
  if (views.size() != columns_.size() || order != order_) return false;
  for (size_t i = 0; i < views.size(); ++i) {
    const TensorDesc& desc = columns_[i].desc();
    if (data::with_rows(views[i].array->desc, desc.shape[0]) != desc || without_array(views[i]) != views_[i])
      return false;
  }
  return true;
}

void Feed::upload(Session& session, const data::Dataset& data) const {
  size_t column = 0;
  for_each_array(data, [&](const data::Array& array) { session.write(columns_[column++], array.bytes); });
}

}  // namespace lemnos::train
