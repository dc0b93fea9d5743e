// A pass over rows: the graph of one step, its program, and the ring of metrics that the device records.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lemnos/callback.h"
#include "ops/step_state.h"
#include "train/feed.h"

namespace lemnos::train {

/// Steps whose metrics the device keeps until the host reads them.
inline constexpr int64_t kRingRows = 4096;
/// Columns of a row of the ring: loss, correct, rows that count, learning rate; then what else is recorded (record.h).
inline constexpr int64_t kRingColumns = 4;

class Stream;

class Pass {
 public:
  Pass(Session& session, std::string name) : session_(session), name_(std::move(name)), graph_(session.state()) {}

  Graph& graph() { return graph_; }
  Session& session() { return session_; }

  Value state;                     // StepState of this pass
  Value ring;                      // f32[kRingRows, kRingColumns + more]
  std::vector<Value> predictions;  // each f32[B, ..]
  std::vector<Value> targets;
  std::optional<Feed> feed;
  std::shared_ptr<Program> program;
  const void* content = nullptr;  // the data set that was uploaded last

  /// Makes the ring for `more` numbers a step: `recorded` of them, their weights, and, where that is not the count of
  /// what counts, the loss's weight.
  void add_ring(size_t recorded, int64_t more);
  /// So many rows are there from now on, in the order of the feed; `rewind`: the next batch is the first of the
  /// epoch. Returns the batches of an epoch.
  int64_t set_rows(int64_t rows, bool rewind = false);
  int64_t batches() const { return batches_of(rows_, feed->order()); }
  int64_t rows() const { return rows_; }

  /// Hands `steps` over to the device.
  void submit(int64_t steps);
  /// Runs `steps`, over `windows` if the rows are not all on the device, and returns the metrics of each.
  std::vector<StepMetrics> run(int64_t steps, Stream* windows = nullptr);
  /// The metrics of the last `steps` steps, oldest first, as far as the ring contains them.
  std::vector<StepMetrics> recent(int64_t steps);
  ops::StepWords step_words();
  void write_step_words(ops::StepWords words);

 private:
  void read_ring(int64_t first, int64_t count, std::vector<StepMetrics>& into);

  Session& session_;
  std::string name_;
  Graph graph_;
  size_t recorded_ = 0;
  int64_t rows_ = 0;
};

}  // namespace lemnos::train
