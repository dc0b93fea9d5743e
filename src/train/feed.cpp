#include "train/feed.h"

#include "base/text.h"
#include "lemnos/ops.h"

namespace lemnos::train {

Feed::Feed(Graph& graph, const std::string& name, Value state, const data::Dataset& data, int64_t batch, bool shuffle,
           uint64_t seed)
    : x_desc_(data.x.desc),
      y_desc_(data.y.desc),
      scale_(data.scale),
      shift_(data.shift),
      samples_(data.size()),
      batch_size_(batch),
      shuffle_(shuffle) {
  require(batch >= 1, ErrorCode::invalid_argument, name, ": a batch of ", batch, " examples; it takes at least 1");
  x_ = graph.input(name + ".x", x_desc_);
  y_ = graph.input(name + ".y", y_desc_);
  const Value rows = batch_indices(
      state, {.samples = samples_, .batch = batch, .shuffle = shuffle, .seed = static_cast<uint32_t>(seed)});
  batch_.x = gather(x_, rows, {.scale = scale_, .shift = shift_});
  // A class index of -1 is ignored by losses and metrics: what the padding of the last batch must be.
  batch_.y = data.classes ? gather(y_, rows, {.fill = -1}) : gather(y_, rows);
  // 0 x + 1 for the rows that exist and 0 for the padding; pruned where no loss asks for it.
  const Value ones = gather(x_, rows, {.scale = 0, .shift = 1, .fill = 0});
  batch_.mask = mean(flatten(ones), {1});
}

bool Feed::fits(const data::Dataset& data, int64_t batch_size) const {
  return data.x.desc == x_desc_ && data.y.desc == y_desc_ && data.scale == scale_ && data.shift == shift_ &&
         batch_size == batch_size_;
}

void Feed::upload(Session& session, const data::Dataset& data) const {
  session.write(x_, data.x.bytes);
  session.write(y_, data.y.bytes);
}

}  // namespace lemnos::train
