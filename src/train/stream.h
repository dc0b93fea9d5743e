// A source of rows as the training data of a pass: two windows on the device, one filled while steps go through the
// other.
#pragma once

#include <cstdint>
#include <future>
#include <vector>

#include "train/trainer_impl.h"

namespace lemnos::train {

class Stream {
 public:
  /// Makes the trainer's program for windows of this source and fills the first. Rows to train on come endlessly, epoch
  /// after epoch of whole batches; rows to evaluate come once, in their order, as many as make whole batches.
  Stream(Trainer::Impl& trainer, const data::Source& source, int64_t batch, bool shuffle);
  static Stream evaluating(Trainer::Impl& trainer, const data::Source& source, int64_t batch);

  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Steps of an epoch: its whole batches.
  int64_t batches() const { return source_.rows / batch_; }
  Pass& pass() { return *pass_; }
  std::vector<StepMetrics> run(int64_t steps);
  /// Hands steps over without waiting for what they come to.
  void submit(int64_t steps);
  /// Seconds in which rows were read and handed to the device, since the last call.
  double take_load_seconds();

 private:
  enum class Use { training, evaluation };
  Stream(Trainer::Impl& trainer, const data::Source& source, int64_t batch, bool shuffle, Use use);

  /// The next `count` rows of the endless row of epochs; fewer where rows come once and end.
  std::vector<int64_t> next_rows(int64_t count);
  /// Reads the next window on a thread of its own, so that the host may hand over steps and look at them meanwhile.
  void begin_reading();
  /// Waits for it and writes it to that half, which only steps handed over before have used.
  void finish_reading(size_t half);
  bool reading_is_done() const;

  Trainer::Impl& trainer_;
  data::Source source_;
  int64_t batch_;
  bool shuffle_;
  Use use_;
  Pass* pass_ = nullptr;
  int64_t window_batches_ = 0;
  std::vector<std::vector<std::byte>> columns_;  // one window of each, on the host
  std::vector<int64_t> order_;                   // rows of the epoch that is being read
  size_t next_ = 0;                              // in order_
  uint64_t epochs_ = 0;                          // begun
  size_t half_ = 0;                              // that the next step reads
  int64_t left_ = 0;                             // steps of that half
  bool next_is_begun_ = false;                   // the reading of what the other half gets
  uint64_t free_after_[2] = {0, 0};
  double load_seconds_ = 0;
  std::future<double> reading_;  // seconds that it took; last, for its end waits for the thread
};

/// The rows [begin, end) of a source as a data set in host memory.
data::Dataset rows_of(const data::Source& source, int64_t begin, int64_t end);

}  // namespace lemnos::train
