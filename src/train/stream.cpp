#include "train/stream.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "base/stopwatch.h"
#include "base/text.h"
#include "data/columns.h"
#include "ops/epoch_order.h"

namespace lemnos::train {

namespace {

constexpr int64_t kWindowBytes = int64_t{8} << 20;
constexpr int64_t kLeastBatches = 8, kMostBatches = 32767;  // of a window: the ring has two

void read_rows(const data::Source& source, const std::vector<int64_t>& rows, std::span<std::byte* const> to) {
  source.read(rows, to);
  const std::vector<data::ColumnView> columns = columns_of(source.like);
  for (size_t c = 0; c < columns.size(); ++c)
    for (size_t i = 0; columns[c].classes && i < rows.size(); ++i) {
      int32_t label;
      std::memcpy(&label, to[c] + i * sizeof label, sizeof label);
      require(label < columns[c].classes, ErrorCode::out_of_range, "source: label ", label, " of row ", rows[i],
              " is not below ", columns[c].classes, " classes");
    }
}

}  // namespace

Room Stream::room_for(const data::Source& source, int64_t batch, const DeviceInfo& device) {
  require(source.read != nullptr, ErrorCode::invalid_argument, "source: it has no function that reads rows");
  require(batch >= 1 && source.rows >= 1, ErrorCode::invalid_argument, "source: ", source.rows, " rows in batches of ",
          batch);
  int64_t bytes = 1, widest = 1;
  for (const data::ColumnView& column : columns_of(source.like)) {
    require(column.array->desc.shape.rank() >= 1, ErrorCode::shape_mismatch, "source: ", column.name, " is ",
            column.array->desc, ", it needs an axis of rows");
    const auto row = static_cast<int64_t>(data::row_bytes(column.array->desc));
    bytes += row;
    widest = std::max(widest, row);
  }
  const auto range = static_cast<int64_t>(device.caps.max_storage_range);
  require(range / (2 * widest * batch) >= 1, ErrorCode::unsupported, "source: two batches of ", batch, " rows of ",
          widest, " bytes take ", 2 * batch * widest, " bytes; this device binds at most ", range);
  // A quarter of what there is for both windows: a step wants room too.
  const uint64_t memory = device.caps.memory_limit ? device.caps.memory_limit : device.memory_bytes;
  const int64_t room = memory ? static_cast<int64_t>(memory / 4) / (2 * bytes * batch) : kMostBatches;
  const int64_t bound = std::min(range / (2 * widest * batch), std::max<int64_t>(room, 1));
  const int64_t wanted =
      source.window > 0 ? source.window / batch : std::max(kLeastBatches, kWindowBytes / (bytes * batch));
  require(wanted >= 1, ErrorCode::invalid_argument, "source: a window of ", source.window, " rows holds no batch of ",
          batch);
  const int64_t whole = (source.rows + batch - 1) / batch;
  return {0, 2 * std::min({wanted, bound, kMostBatches, whole})};
}

Stream::Stream(Pass& pass, const data::Source& source, uint64_t seed, bool endless)
    : pass_(pass),
      source_(source),
      endless_(endless),
      seed_(static_cast<uint32_t>(seed)),
      batch_(pass.feed->order().batch),
      per_epoch_(pass.set_rows(source.rows)),
      window_(pass.feed->room().window / 2) {
  for_each_array(source.like, [&](const data::Array& array) {
    columns_.emplace_back(static_cast<size_t>(window_ * batch_) * data::row_bytes(array.desc));
  });
  const ops::StepWords words = pass.step_words();
  state_seed_ = words.seed();
  next_step_ = next_read_ = there_until_ = words.epoch() * per_epoch_ + words.batch();
  free_after_.fill(pass.session().handed_over());
  begin_reading();
  finish_reading();
}

// Batch `b` since the start holds positions of its epoch, in the order in which the device would go through them.
std::vector<Stream::Run> Stream::rows_of_batches(int64_t first, int64_t count) const {
  const bool shuffled = pass_.feed->order().shuffle;
  std::vector<Run> runs;
  for (int64_t b = first; b < first + count; ++b) {
    const ops::EpochOrder order(seed_, state_seed_, b / per_epoch_, source_.rows);
    const int64_t begin = b % per_epoch_ * batch_, end = std::min(begin + batch_, source_.rows);
    if (runs.empty() || begin == 0) runs.push_back({(b - first) * batch_, {}});
    for (int64_t at = begin; at < end; ++at) runs.back().rows.push_back(shuffled ? order.row(at) : at);
  }
  return runs;
}

void Stream::begin_reading() {
  const int64_t end = endless_ ? std::numeric_limits<int64_t>::max() : per_epoch_;
  reading_first_ = next_read_;
  reading_count_ = std::min(window_ - next_read_ % window_, end - next_read_);
  if (reading_count_ <= 0) return;
  next_read_ += reading_count_;
  reading_ = std::async(std::launch::async, [this, runs = rows_of_batches(reading_first_, reading_count_)] {
    const Stopwatch reading;
    for (const Run& run : runs) {
      std::vector<std::byte*> to;
      size_t column = 0;
      for_each_array(source_.like, [&](const data::Array& array) {
        to.push_back(columns_[column++].data() + static_cast<size_t>(run.to) * data::row_bytes(array.desc));
      });
      read_rows(source_, run.rows, to);
    }
    return reading.seconds();
  });
}

bool Stream::reading_is_done() const {
  return reading_.valid() && reading_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

void Stream::finish_reading() {
  if (reading_.valid()) {
    next_read_ = reading_first_;  // where reading fails it is asked for again
    load_seconds_ += reading_.get();
    next_read_ += reading_count_;
    unwritten_ = true;
  }
  if (!unwritten_) return;
  const Stopwatch writing;
  const int64_t place = reading_first_ % (2 * window_);
  const std::vector<Value>& resident = pass_.feed->columns();
  for (size_t c = 0; c < columns_.size(); ++c) {
    const size_t row = columns_[c].size() / static_cast<size_t>(window_ * batch_);
    pass_.session().write_after(free_after_[static_cast<size_t>(place / window_)], resident[c],
                                std::span(columns_[c]).first(static_cast<size_t>(reading_count_ * batch_) * row),
                                static_cast<size_t>(place * batch_) * row);
  }
  unwritten_ = false;
  there_until_ = reading_first_ + reading_count_;
  load_seconds_ += writing.seconds();
}

void Stream::submit(int64_t steps) {
  if (interrupted_) {  // the device knows how many were run
    const ops::StepWords words = pass_.step_words();
    next_step_ = words.epoch() * per_epoch_ + words.batch();
    free_after_.fill(pass_.session().handed_over());
  }
  interrupted_ = true;
  while (steps > 0) {
    if (next_step_ == there_until_) {
      if (!reading_.valid() && !unwritten_) begin_reading();
      finish_reading();
      require(next_step_ < there_until_, ErrorCode::internal, "stream: step ", next_step_, " of ", per_epoch_,
              " batches");
    }
    const int64_t half_end = (next_step_ / window_ + 1) * window_;
    const int64_t now = std::min({steps, half_end - next_step_, there_until_ - next_step_});
    pass_.submit(now);
    free_after_[static_cast<size_t>(next_step_ / window_ % 2)] = pass_.session().handed_over();
    steps -= now;
    next_step_ += now;
    // While the steps handed over run: the other half is read as soon as no step that is to come needs it.
    if (!reading_.valid() && !unwritten_ && next_read_ < next_step_ - next_step_ % window_ + 2 * window_)
      begin_reading();
    if (reading_is_done()) finish_reading();
  }
  interrupted_ = false;
}

double Stream::take_load_seconds() { return std::exchange(load_seconds_, 0); }

}  // namespace lemnos::train
