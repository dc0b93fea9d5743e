// What a trained model comes to on data, and what it says of each row: over a resident set, or over windows of a
// source.
#include <algorithm>

#include "base/text.h"
#include "lemnos/train.h"
#include "train/stream.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

using Outputs = std::vector<std::vector<float>>;

/// The rows of a source that make whole batches; the rest is a data set of its own.
int64_t whole_rows(const data::Source& source, int64_t batch) {
  require(batch >= 1 && source.rows >= 1, ErrorCode::invalid_argument, "source: ", source.rows, " rows in batches of ",
          batch);
  return source.rows / batch * batch;
}

void require_targets(const data::Dataset& data) {
  require(data.y.desc.shape.rank() > 0, ErrorCode::invalid_argument, "evaluate: the data set has no targets y");
}

/// Appends `rows` rows of each output of the step that was submitted last.
void take_rows(Outputs& all, train::Pass& pass, int64_t rows) {
  all.resize(pass.predictions.size());
  for (size_t k = 0; k < all.size(); ++k) {
    const std::vector<float> batch = pass.program->read_floats(pass.predictions[k]);
    const int64_t columns = pass.predictions[k].desc().elements() / pass.feed->batch_size();
    all[k].insert(all[k].end(), batch.begin(), batch.begin() + rows * columns);
  }
}

}  // namespace

Outputs Trainer::Impl::predict_all(const data::Dataset& data, int64_t batch) {
  train::Pass& pass = prepare_evaluation(data, batch);
  Outputs all;
  for (int64_t done = 0; done < data.size(); done += batch) {
    submit(pass, 1);
    take_rows(all, pass, std::min(batch, data.size() - done));
  }
  return all;
}

Outputs Trainer::Impl::predict_all(const data::Source& source, int64_t batch) {
  const int64_t whole = whole_rows(source, batch);
  Outputs all;
  if (whole > 0) {
    auto stream = train::Stream::evaluating(*this, source, batch);
    for (int64_t b = 0; b < stream.batches(); ++b) {
      stream.submit(1);
      take_rows(all, stream.pass(), batch);
    }
  }
  if (whole == source.rows) return all;
  const Outputs rest = predict_all(train::rows_of(source, whole, source.rows), batch);
  all.resize(rest.size());
  for (size_t k = 0; k < all.size(); ++k) all[k].insert(all[k].end(), rest[k].begin(), rest[k].end());
  return all;
}

Metrics Trainer::evaluate(const data::Dataset& data, int64_t batch_size) {
  require_targets(data);
  train::Pass& pass = impl_->prepare_evaluation(data, batch_size);
  return train::mean_of(impl_->run(pass, pass.feed->batches()), impl_->recorded);
}

Metrics Trainer::evaluate(const data::Source& data, int64_t batch_size) {
  require_targets(data.like);
  const int64_t whole = whole_rows(data, batch_size);
  Metrics all;
  if (whole > 0) {
    auto stream = train::Stream::evaluating(*impl_, data, batch_size);
    all = train::mean_of(stream.run(stream.batches()), impl_->recorded);
  }
  if (whole < data.rows) train::join(all, evaluate(train::rows_of(data, whole, data.rows), batch_size));
  return all;
}

std::vector<float> Trainer::predict(const data::Dataset& data, int64_t batch_size) {
  return std::move(impl_->predict_all(data, batch_size).front());
}
std::vector<float> Trainer::predict(const data::Source& data, int64_t batch_size) {
  return std::move(impl_->predict_all(data, batch_size).front());
}
Outputs Trainer::predict_all(const data::Dataset& data, int64_t batch_size) {
  return impl_->predict_all(data, batch_size);
}
Outputs Trainer::predict_all(const data::Source& data, int64_t batch_size) {
  return impl_->predict_all(data, batch_size);
}

}  // namespace lemnos
