#include "train/stream.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>

#include "base/random.h"
#include "base/text.h"
#include "ops/step_state.h"
#include "train/columns.h"

namespace lemnos::train {

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

constexpr int64_t kWindowBytes = int64_t{8} << 20;
constexpr int64_t kLeastBatches = 8;

/// A data set of `rows` rows of zeros like those of the source.
data::Dataset zeros_like(const data::Source& source, int64_t rows) {
  data::Dataset made = source.like;
  for_each_array(made, [&](data::Array& array) {
    array.desc = with_rows(array.desc, rows);
    array.bytes.assign(array.desc.bytes(), std::byte{0});
  });
  return made;
}

int64_t window_batches(const data::Source& source, int64_t batch) {
  if (source.window > 0) return source.window / batch;
  size_t bytes = 0;
  for_each_array(source.like, [&](const data::Array& array) { bytes += row_bytes(array.desc); });
  return std::max(kLeastBatches, kWindowBytes / std::max<int64_t>(static_cast<int64_t>(bytes) * batch, 1));
}

void require_source(const data::Source& source) {
  require(source.read != nullptr, ErrorCode::invalid_argument, "source: it has no function that reads rows");
  for (const ColumnView& column : columns_of(source.like))
    require(column.array->desc.shape.rank() >= 1, ErrorCode::shape_mismatch, "source: ", column.name, " is ",
            column.array->desc, ", it needs an axis of rows");
}

void read_rows(const data::Source& source, const std::vector<int64_t>& rows, std::span<std::byte* const> to) {
  source.read(rows, to);
  const std::vector<ColumnView> columns = columns_of(source.like);
  for (size_t c = 0; c < columns.size(); ++c)
    for (size_t i = 0; columns[c].classes && i < rows.size(); ++i) {
      int32_t label;
      std::memcpy(&label, to[c] + i * sizeof label, sizeof label);
      require(label < columns[c].classes, ErrorCode::out_of_range, "source: label ", label, " of row ", rows[i],
              " is not below ", columns[c].classes, " classes");
    }
}

}  // namespace

Stream::Stream(Trainer::Impl& trainer, const data::Source& source, int64_t batch, bool shuffle)
    : Stream(trainer, source, batch, shuffle, Use::training) {}
Stream Stream::evaluating(Trainer::Impl& trainer, const data::Source& source, int64_t batch) {
  return {trainer, source, batch, false, Use::evaluation};
}

Stream::Stream(Trainer::Impl& trainer, const data::Source& source, int64_t batch, bool shuffle, Use use)
    : trainer_(trainer), source_(source), batch_(batch), shuffle_(shuffle), use_(use) {
  require_source(source);
  require(batch >= 1 && source.rows >= batch, ErrorCode::invalid_argument, "source: ", source.rows,
          " rows make no batch of ", batch);
  window_batches_ = window_batches(source, batch);
  require(window_batches_ >= 1, ErrorCode::invalid_argument, "source: a window of ", source.window,
          " rows holds no batch of ", batch);
  const data::Dataset windows = zeros_like(source, 2 * window_batches_ * batch);
  for_each_array(windows, [&](const data::Array& array) { columns_.emplace_back(array.bytes.size() / 2); });
  if (use_ == Use::training) {
    const auto& schedule = trainer.options.update.schedule;
    require(!schedule || !schedule->by_epoch, ErrorCode::unsupported,
            "source: the device does not count the epochs of a source; give the schedule in steps");
    trainer_.prepare_training(windows, {.batch = batch});
    pass_ = &trainer_.training;
    // The first batch of the first window is the next one, wherever an earlier run stopped.
    const uint32_t first = 0;
    trainer_.session->write(pass_->state, std::as_bytes(std::span(&first, 1)), STATE_CURSOR * sizeof first);
    epochs_ = static_cast<uint64_t>(trainer_.steps_done(*pass_) / batches());
  } else {
    pass_ = &trainer_.prepare_evaluation(windows, batch);
  }
  free_after_[0] = free_after_[1] = trainer_.session->handed_over();
  begin_reading();
  finish_reading(0);
  left_ = window_batches_;
}

std::vector<int64_t> Stream::next_rows(int64_t count) {
  std::vector<int64_t> rows;
  while (static_cast<int64_t>(rows.size()) < count) {
    if (next_ == order_.size()) {
      if (use_ == Use::evaluation && epochs_ > 0) break;
      order_.resize(static_cast<size_t>(source_.rows));
      std::iota(order_.begin(), order_.end(), int64_t{0});
      Random random(trainer_.options.seed, epochs_++);
      for (size_t i = order_.size(); shuffle_ && i > 1; --i) std::swap(order_[i - 1], order_[random.below(i)]);
      order_.resize(static_cast<size_t>(batches() * batch_));
      next_ = 0;
    }
    rows.push_back(order_[next_++]);
  }
  return rows;
}

void Stream::begin_reading() {
  std::vector<int64_t> rows = next_rows(window_batches_ * batch_);
  if (rows.empty()) return;
  reading_ = std::async(std::launch::async, [this, rows = std::move(rows)] {
    const auto start = Clock::now();
    std::vector<std::byte*> to;
    for (std::vector<std::byte>& column : columns_) to.push_back(column.data());
    read_rows(source_, rows, to);
    return seconds_since(start);
  });
}

bool Stream::reading_is_done() const {
  return reading_.valid() && reading_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

void Stream::finish_reading(size_t half) {
  if (!reading_.valid()) return;
  load_seconds_ += reading_.get();
  const auto start = Clock::now();
  const std::vector<Value>& resident = pass_->feed->columns();
  for (size_t c = 0; c < columns_.size(); ++c)
    trainer_.session->write_after(free_after_[half], resident[c], columns_[c], half * columns_[c].size());
  load_seconds_ += seconds_since(start);
}

void Stream::submit(int64_t steps) {
  while (steps > 0) {
    const int64_t now = std::min(steps, left_);
    trainer_.submit(*pass_, now);
    free_after_[half_] = trainer_.session->handed_over();
    steps -= now;
    left_ -= now;
    if (!next_is_begun_) begin_reading();  // while the steps handed over run
    next_is_begun_ = true;
    if (left_ == 0 || reading_is_done()) finish_reading(1 - half_);
    if (left_ > 0) continue;
    half_ = 1 - half_;
    left_ = window_batches_;
    next_is_begun_ = false;
  }
}

std::vector<StepMetrics> Stream::run(int64_t steps) {
  std::vector<StepMetrics> all;
  while (steps > 0) {
    // The ring is read once for as many steps as it holds: reading waits for the device.
    const int64_t together = std::min(steps, kRingRows);
    submit(together);
    const std::vector<StepMetrics> part = trainer_.recent(*pass_, together);
    all.insert(all.end(), part.begin(), part.end());
    steps -= together;
  }
  return all;
}

double Stream::take_load_seconds() { return std::exchange(load_seconds_, 0); }

data::Dataset rows_of(const data::Source& source, int64_t begin, int64_t end) {
  require_source(source);
  data::Dataset made = zeros_like(source, end - begin);
  std::vector<int64_t> rows(static_cast<size_t>(end - begin));
  std::iota(rows.begin(), rows.end(), begin);
  std::vector<std::byte*> to;
  for_each_array(made, [&](data::Array& array) { to.push_back(array.bytes.data()); });
  read_rows(source, rows, to);
  return made;
}

}  // namespace lemnos::train

namespace lemnos::data {

Source source_of(const Dataset& data) {
  data.check("source");
  return {.rows = data.size(),
          .like = data.slice(0, 0),
          .read = [&data](std::span<const int64_t> rows, std::span<std::byte* const> columns) {
            size_t column = 0;
            train::for_each_array(data, [&](const Array& from) {
              std::byte* to = columns[column++];
              const size_t bytes = train::row_bytes(from.desc);
              for (const int64_t row : rows) {
                std::memcpy(to, from.bytes.data() + static_cast<size_t>(row) * bytes, bytes);
                to += bytes;
              }
            });
          }};
}

}  // namespace lemnos::data
