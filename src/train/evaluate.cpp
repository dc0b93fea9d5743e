// Metrics of a trained model on data, and its predictions for each row: over a resident set, or over windows of a
// source.
#include <algorithm>
#include <bit>

#include "base/text.h"
#include "data/columns.h"
#include "lemnos/train.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

using Outputs = std::vector<std::vector<float>>;

constexpr size_t kMostPasses = 4;

void require_targets(const data::Dataset& data) {
  require(data.y.desc.shape.rank() > 0, ErrorCode::invalid_argument, "evaluate: the data set has no targets y");
}

int64_t power_of_two(int64_t least) {
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(std::max<int64_t>(least, 1))));
}

/// Batches and rooms come in few sizes, so that any number of rows finds a program soon: a batch is a power of two
/// below `most`, and the capacity grows in steps of a quarter of the power of two below it.
int64_t batch_for(int64_t rows, int64_t most) { return std::min(power_of_two(rows), most); }
int64_t room_for(const data::Dataset& data, int64_t batch, const DeviceCaps& caps) {
  const int64_t rows = data.size();
  if (rows <= batch) return batch;
  const int64_t step = std::max(power_of_two(rows) / 8, batch);
  int64_t room = (rows + step - 1) / step * step;
  data::for_each_array(data, [&](const data::Array& array) {
    const auto row = static_cast<int64_t>(data::row_bytes(array.desc));
    room = std::min(room, static_cast<int64_t>(caps.max_storage_range) / std::max<int64_t>(row, 1));
  });
  return std::max(room, rows);
}

}  // namespace

train::Pass& Trainer::Impl::prepare_evaluation(const data::Dataset& like, int64_t rows, int64_t batch,
                                               const train::Room& room) {
  const train::Order order{.batch = batch};
  const auto known = std::ranges::find_if(evaluations_, [&](const auto& pass) {
    const train::Room& there = pass->feed->room();
    return pass->feed->fits(like, order) && there.window == room.window && there.rows == room.rows;
  });
  if (known != evaluations_.end()) {
    evaluations_.splice(evaluations_.begin(), evaluations_, known);
  } else {
    make_parameters(train::examples_of(like));
    auto made = make_pass(false, like, order, room);
    if (evaluations_.size() == kMostPasses) evaluations_.pop_back();
    evaluations_.push_front(std::move(made));
  }
  train::Pass& pass = *evaluations_.front();
  pass.write_step_words(ops::StepWords(options.seed));
  pass.set_rows(rows);
  return pass;
}

Trainer::Impl::Rows Trainer::Impl::rows_of(const data::Dataset& data, int64_t batch_size, bool known) {
  train::require_batches(data.size(), {.batch = batch_size});
  if (!is_resident(data)) {
    auto own = std::make_unique<const data::Source>(data::source_of(data));
    Rows rows = rows_of(*own, batch_size);
    rows.own = std::move(own);
    return rows;
  }
  const int64_t batch = batch_for(data.size(), batch_size);
  train::Pass& pass = prepare_evaluation(data, data.size(), batch, {.rows = room_for(data, batch, device.info().caps)});
  if (!known || pass.content != &data) pass.feed->upload(learned.session(), data);
  pass.content = &data;
  return {pass};
}

Trainer::Impl::Rows Trainer::Impl::rows_of(const data::Source& source, int64_t batch) {
  const train::Room room = train::Stream::room_for(source, batch, device.info());
  Rows rows{prepare_evaluation(source.like, source.rows, batch, room)};
  rows.pass.content = nullptr;
  rows.windows = std::make_unique<train::Stream>(rows.pass, source, options.seed, false);
  return rows;
}

Metrics Trainer::Impl::metrics_of(const Rows& rows) {
  return builder.tally().add(rows.pass.run(rows.pass.batches(), rows.windows.get())).means();
}

Outputs Trainer::Impl::outputs_of(const Rows& rows) {
  train::Pass& pass = rows.pass;
  Outputs all(pass.predictions.size());
  const int64_t batch = pass.feed->order().batch;
  for (int64_t done = 0; done < pass.rows(); done += batch) {
    rows.windows ? rows.windows->submit(1) : pass.submit(1);
    for (size_t k = 0; k < all.size(); ++k) {
      const std::vector<float> made = pass.program->read_floats(pass.predictions[k]);
      const int64_t columns = static_cast<int64_t>(made.size()) / batch;
      all[k].insert(all[k].end(), made.begin(), made.begin() + std::min(batch, pass.rows() - done) * columns);
    }
  }
  return all;
}

Metrics Trainer::Impl::evaluate(const data::Dataset& data, int64_t batch_size, bool known) {
  require_targets(data);
  if (!known) data.check("evaluate");
  return metrics_of(rows_of(data, batch_size, known));
}

Metrics Trainer::Impl::evaluate(const data::Source& source, int64_t batch) {
  require_targets(source.like);
  return metrics_of(rows_of(source, batch));
}

Metrics Trainer::evaluate(const data::Dataset& data, int64_t batch_size) { return impl_->evaluate(data, batch_size); }
Metrics Trainer::evaluate(const data::Source& data, int64_t batch_size) { return impl_->evaluate(data, batch_size); }
Outputs Trainer::predict_all(const data::Dataset& data, int64_t batch_size) {
  data.check("predict");
  return impl_->outputs_of(impl_->rows_of(data, batch_size));
}
Outputs Trainer::predict_all(const data::Source& data, int64_t batch_size) {
  return impl_->outputs_of(impl_->rows_of(data, batch_size));
}
std::vector<float> Trainer::predict(const data::Dataset& data, int64_t batch_size) {
  return std::move(predict_all(data, batch_size).front());
}
std::vector<float> Trainer::predict(const data::Source& data, int64_t batch_size) {
  return std::move(predict_all(data, batch_size).front());
}

}  // namespace lemnos
