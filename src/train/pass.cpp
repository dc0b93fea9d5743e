#include "train/pass.h"

#include <algorithm>
#include <array>

#include "base/status.h"
#include "lemnos/ops.h"
#include "train/stream.h"

namespace lemnos {

namespace train {

void Pass::add_ring(size_t recorded, int64_t more) {
  recorded_ = recorded;
  ring = graph_.variable("metrics", {Shape{kRingRows, kRingColumns + more}, DType::f32}, {}, Purpose::scratch);
}

int64_t Pass::set_rows(int64_t rows, bool rewind) {
  rows_ = rows;
  ops::StepWords words = step_words();
  words.set_rows(rows, batches(), rewind);
  write_step_words(words);
  return batches();
}

void Pass::submit(int64_t steps) { require_ok(program->run(static_cast<uint32_t>(steps)), name_); }

std::vector<StepMetrics> Pass::run(int64_t steps, Stream* windows) {
  std::vector<StepMetrics> all;
  while (steps > 0) {
    // The ring is read once for as many steps as it holds: reading waits for the device.
    const int64_t now = std::min(steps, kRingRows);
    windows ? windows->submit(now) : submit(now);
    const std::vector<StepMetrics> part = recent(now);
    all.insert(all.end(), part.begin(), part.end());
    steps -= now;
  }
  return all;
}

ops::StepWords Pass::step_words() {
  ops::StepWords words;
  session_.read(state, words.bytes());
  return words;
}
void Pass::write_step_words(ops::StepWords words) { session_.write(state, words.bytes()); }

std::vector<StepMetrics> Pass::recent(int64_t steps) {
  const int64_t done = step_words().steps(), count = std::min({steps, done, kRingRows});
  std::vector<StepMetrics> rows;
  // Step numbers start at 1, and a step writes the row of its own number; the requested rows may wrap around the end.
  const int64_t first = done - count + 1, before_end = std::min(count, kRingRows - first % kRingRows);
  read_ring(first, before_end, rows);
  read_ring(first + before_end, count - before_end, rows);
  return rows;
}

void Pass::read_ring(int64_t first, int64_t count, std::vector<StepMetrics>& into) {
  if (count <= 0) return;
  const auto columns = static_cast<size_t>(ring.shape()[1]);
  std::vector<float> rows(static_cast<size_t>(count) * columns);
  session_.read(ring, std::as_writable_bytes(std::span(rows)),
                static_cast<size_t>(first % kRingRows) * columns * sizeof(float));
  for (int64_t i = 0; i < count; ++i) {
    const float* row = rows.data() + static_cast<size_t>(i) * columns;
    StepMetrics& step = into.emplace_back(
        StepMetrics{.step = first + i, .loss = row[0], .correct = row[1], .samples = row[2], .learning_rate = row[3]});
    const float *more = row + kRingColumns, *weights = more + recorded_, *rest = weights + recorded_;
    step.more.assign(more, weights);
    step.more_weights.assign(weights, rest);
    step.loss_weight = rest == row + columns ? step.samples : *rest;
  }
}

}  // namespace train

}  // namespace lemnos
