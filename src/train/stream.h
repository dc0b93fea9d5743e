// Rows that are not all on the device: two windows of them there, one filled while steps go through the other. The
// order is that of a resident data set, so a pass gives the same bits.
#pragma once

#include <array>
#include <cstdint>
#include <future>
#include <vector>

#include "train/pass.h"

namespace lemnos::train {

class Stream {
 public:
  /// The size of this source's windows. Throws `invalid_argument` if a window is smaller than a batch.
  static Room room_for(const data::Source& source, int64_t batch, const DeviceInfo& device);

  /// Fills the first window, from the current batch of the pass. `endless`: epoch after epoch; otherwise one. `seed`
  /// keys the order where the feed's is shuffled. `source` and `pass` must outlive it.
  Stream(Pass& pass, const data::Source& source, uint64_t seed, bool endless);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Submits steps of the pass without waiting for their metrics.
  void submit(int64_t steps);
  /// Seconds of reading and uploading since the last call.
  double take_load_seconds();

 private:
  /// Rows to read one after the other into the window, from the row `to` of it on.
  struct Run {
    int64_t to;
    std::vector<int64_t> rows;
  };
  std::vector<Run> rows_of_batches(int64_t first, int64_t count) const;
  /// Reads the next window on a separate thread, so that the host can submit steps and read their metrics meanwhile.
  void begin_reading();
  /// Waits for it and writes it to its half, which only earlier submitted steps use.
  void finish_reading();
  bool reading_is_done() const;

  Pass& pass_;
  const data::Source& source_;
  bool endless_;
  uint32_t seed_;                                // of the order,
  uint64_t state_seed_ = 0;                      // mixed with that of the pass
  int64_t batch_, per_epoch_, window_;           // rows, batches, batches
  std::vector<std::vector<std::byte>> columns_;  // one window of each, on the host
  int64_t next_read_ = 0;                        // number of the batch that is read next
  int64_t next_step_ = 0;                        // number of the batch that the next step takes
  int64_t there_until_ = 0;                      // batches below this number are on the device
  int64_t reading_first_ = 0, reading_count_ = 0;
  std::array<uint64_t, 2> free_after_{};
  bool unwritten_ = false;    // a window was read and is not on the device yet
  bool interrupted_ = false;  // steps were handed over of which not all may have run
  double load_seconds_ = 0;
  std::future<double> reading_;  // seconds that it took; last, for its end waits for the thread
};

}  // namespace lemnos::train
