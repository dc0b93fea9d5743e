#include "train/stream.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>

#include "base/random.h"
#include "base/text.h"
#include "ops/step_state.h"

namespace lemnos::train {

namespace {

constexpr int64_t kWindowBytes = int64_t{8} << 20;
constexpr int64_t kLeastBatches = 8;

TensorDesc rows_of(const TensorDesc& row, int64_t rows) {
  std::vector<int64_t> dims{rows};
  dims.insert(dims.end(), row.shape.begin(), row.shape.end());
  return {Shape(dims), row.dtype};
}

int64_t window_batches(const data::Source& source, int64_t batch) {
  if (source.window > 0) return source.window / batch;
  const auto bytes = static_cast<int64_t>(source.x.bytes() + source.y.bytes());
  return std::max(kLeastBatches, kWindowBytes / std::max<int64_t>(bytes * batch, 1));
}

}  // namespace

Stream::Stream(Trainer::Impl& trainer, const data::Source& source, int64_t batch, bool shuffle)
    : trainer_(trainer), source_(source), batch_(batch), shuffle_(shuffle) {
  require(source.read != nullptr, ErrorCode::invalid_argument, "source: it has no function that reads rows");
  require(batch >= 1 && source.rows >= batch, ErrorCode::invalid_argument, "source: ", source.rows,
          " rows make no batch of ", batch);
  const auto& schedule = trainer.options.update.schedule;
  require(!schedule || !schedule->by_epoch, ErrorCode::unsupported,
          "source: the device does not count the epochs of a source; give the schedule in steps");
  window_batches_ = window_batches(source, batch);
  require(window_batches_ >= 1, ErrorCode::invalid_argument, "source: a window of ", source.window,
          " rows holds no batch of ", batch);
  const int64_t rows = window_batches_ * batch;
  windows_ = {.x = {rows_of(source.x, 2 * rows), {}},
              .y = {rows_of(source.y, 2 * rows), {}},
              .scale = source.scale,
              .shift = source.shift,
              .classes = source.classes};
  windows_.x.bytes.resize(windows_.x.desc.bytes());
  windows_.y.bytes.resize(windows_.y.desc.bytes());
  trainer_.prepare_training(windows_, batch, false);
  // The first batch of the first window is the next one, wherever an earlier run stopped.
  const uint32_t first = 0;
  trainer_.session->write(trainer_.training.state, std::as_bytes(std::span(&first, 1)), STATE_CURSOR * sizeof first);
  x_.resize(windows_.x.bytes.size() / 2);
  y_.resize(windows_.y.bytes.size() / 2);
  windows_.x.bytes = {};
  windows_.y.bytes = {};
  epochs_ = static_cast<uint64_t>(trainer_.steps_done(trainer_.training) / batches());
  free_after_[0] = free_after_[1] = trainer_.session->handed_over();
  fill(0);
  left_ = window_batches_;
}

void Stream::next_rows(std::vector<int64_t>& rows) {
  for (int64_t& row : rows) {
    if (next_ == order_.size()) {
      order_.resize(static_cast<size_t>(source_.rows));
      std::iota(order_.begin(), order_.end(), int64_t{0});
      Random random(trainer_.options.seed, epochs_++);
      for (size_t i = order_.size(); shuffle_ && i > 1; --i) std::swap(order_[i - 1], order_[random.below(i)]);
      order_.resize(static_cast<size_t>(batches() * batch_));
      next_ = 0;
    }
    row = order_[next_++];
  }
}

void Stream::fill(size_t half) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<int64_t> rows(static_cast<size_t>(window_batches_ * batch_));
  next_rows(rows);
  source_.read(rows, x_.data(), y_.data());
  for (size_t i = 0; source_.classes && i < rows.size(); ++i) {
    int32_t label;
    std::memcpy(&label, y_.data() + i * sizeof label, sizeof label);
    require(label < source_.classes, ErrorCode::out_of_range, "source: label ", label, " of row ", rows[i],
            " is not below ", source_.classes, " classes");
  }
  const auto& feed = *trainer_.training.feed;
  trainer_.session->write_after(free_after_[half], feed.x(), x_, half * x_.size());
  trainer_.session->write_after(free_after_[half], feed.y(), y_, half * y_.size());
  load_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<StepMetrics> Stream::run(int64_t steps) {
  std::vector<StepMetrics> all;
  while (steps > 0) {
    // The ring is read once for as many steps as it holds: reading waits for the device.
    const int64_t together = std::min(steps, kRingRows);
    for (int64_t rest = together; rest > 0;) {
      const int64_t now = std::min(rest, left_);
      trainer_.submit(trainer_.training, now);
      free_after_[half_] = trainer_.session->handed_over();
      rest -= now;
      left_ -= now;
      if (!other_is_filled_) fill(1 - half_);  // while the steps handed over run
      other_is_filled_ = left_ > 0;
      if (left_ > 0) continue;
      half_ = 1 - half_;
      left_ = window_batches_;
    }
    const std::vector<StepMetrics> part = trainer_.recent(trainer_.training, together);
    all.insert(all.end(), part.begin(), part.end());
    steps -= together;
  }
  return all;
}

double Stream::take_load_seconds() { return std::exchange(load_seconds_, 0); }

}  // namespace lemnos::train

namespace lemnos::data {

Source source_of(const Dataset& data) {
  data.check("source");
  const size_t x_bytes = data.x.desc.bytes() / static_cast<size_t>(data.size());
  const size_t y_bytes = data.y.desc.bytes() / static_cast<size_t>(data.size());
  return {.rows = data.size(),
          .x = {data.x.desc.shape.without(0), data.x.desc.dtype},
          .y = {data.y.desc.shape.without(0), data.y.desc.dtype},
          .scale = data.scale,
          .shift = data.shift,
          .classes = data.classes,
          .read = [&data, x_bytes, y_bytes](std::span<const int64_t> rows, std::byte* x, std::byte* y) {
            for (size_t i = 0; i < rows.size(); ++i) {
              const auto row = static_cast<size_t>(rows[i]);
              std::memcpy(x + i * x_bytes, data.x.bytes.data() + row * x_bytes, x_bytes);
              std::memcpy(y + i * y_bytes, data.y.bytes.data() + row * y_bytes, y_bytes);
            }
          }};
}

}  // namespace lemnos::data
