// A source of rows as the training data of a pass: two windows on the device, one filled while steps go through the
// other.
#pragma once

#include <cstdint>
#include <vector>

#include "train/trainer_impl.h"

namespace lemnos::train {

class Stream {
 public:
  /// Makes the trainer's program for windows of this source and fills the first.
  Stream(Trainer::Impl& trainer, const data::Source& source, int64_t batch, bool shuffle);

  /// Steps of an epoch: its whole batches.
  int64_t batches() const { return source_.rows / batch_; }
  std::vector<StepMetrics> run(int64_t steps);
  /// Seconds in which rows were read and handed to the device, since the last call.
  double take_load_seconds();

 private:
  /// The next rows of the endless row of epochs.
  void next_rows(std::vector<int64_t>& rows);
  /// Reads the next window and writes it to the half that no step under way uses.
  void fill(size_t half);

  Trainer::Impl& trainer_;
  data::Source source_;
  int64_t batch_;
  bool shuffle_;
  int64_t window_batches_;
  data::Dataset windows_;         // both; on the host only until the program is made
  std::vector<std::byte> x_, y_;  // one window on the host
  std::vector<int64_t> order_;    // rows of the epoch that is being read
  size_t next_ = 0;               // in order_
  uint64_t epochs_ = 0;           // begun
  size_t half_ = 0;               // that the next step reads
  int64_t left_ = 0;              // steps of that half
  bool other_is_filled_ = false;
  uint64_t free_after_[2] = {0, 0};
  double load_seconds_ = 0;
};

}  // namespace lemnos::train
