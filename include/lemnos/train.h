// Training: a model, a loss and an optimizer on a device, with fit, evaluate, predict and summary, or step by step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lemnos/data.h"
#include "lemnos/history.h"
#include "lemnos/loss.h"
#include "lemnos/nn.h"
#include "lemnos/optim.h"
#include "lemnos/session.h"

namespace lemnos {

using History = io::History;

struct TrainerOptions {
  Loss loss = loss::CrossEntropy{};
  optim::Optimizer optimizer = optim::Adam{};
  optim::UpdateOptions update = {};  // learning-rate schedule, gradient clipping, loss scale, parameter groups
  uint64_t seed = 1;                 // of the initial weights, the order of the data and dropout
};

/// What one epoch, or part of one, came to. Means over the examples that counted.
struct Metrics {
  double loss = 0;
  double accuracy = 0;  // of class predictions; 0 for other losses
  int64_t samples = 0;
};

/// Told to FitOptions::on_progress while an epoch runs.
struct Progress {
  int64_t epoch = 0, epochs = 0;  // from 1
  int64_t step = 0, steps = 0;    // of the epoch, from 1
  Metrics so_far;
  double samples_per_second = 0;
};

enum class Verbosity {
  silent,
  lines,
  automatic
};  // automatic: a progress bar on a terminal, a line an epoch elsewhere

struct FitOptions {
  int64_t epochs = 1;
  int64_t batch_size = 32;
  const data::Dataset* validation = nullptr;
  bool shuffle = true;
  Verbosity verbosity = Verbosity::automatic;
  /// Return false to stop after the work in flight.
  std::function<bool(const Progress&)> on_progress;
};

/// One thread at a time. Data sets given to it are copied to the device and may go afterwards.
class Trainer {
 public:
  Trainer(Device device, Model model, TrainerOptions options = {});
  ~Trainer();
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;

  /// Trains on `train` for whole epochs. The history has per epoch: loss, accuracy (class losses), val_loss and
  /// val_accuracy (with validation), seconds, samples_per_second. Calling it again goes on from the weights and the
  /// optimizer's state. Throws `shape_mismatch` when the data does not fit the model, and `device_lost`.
  History fit(const data::Dataset& train, const FitOptions& options = {});
  Metrics evaluate(const data::Dataset& data, int64_t batch_size = 256);
  /// The model's output for each row of `x` [N, ..] under the scale of the data set: f32 values, row after row.
  std::vector<float> predict(const data::Dataset& data, int64_t batch_size = 256);

  /// The loop in one's own hands: begin() once, then step(n) as often as wanted; each runs n steps in one submission
  /// and returns their means. Steps go on across epochs.
  void begin(const data::Dataset& train, int64_t batch_size, bool shuffle = true);
  Metrics step(int64_t steps = 1);
  /// The losses of the last `count` steps (at most 4096), oldest first.
  std::vector<float> recent_losses(int64_t count);
  /// Steps run so far, over all epochs.
  int64_t steps_done();

  /// Layers, output shapes, parameters, bytes, and the memory of a step; `example` is the shape of one input.
  std::string summary(const Shape& example, int64_t batch_size = 32);

  /// Weights, state and optimizer to a safetensors file; an interrupted save leaves the old file whole.
  void save(const std::filesystem::path& path);
  /// Throws `shape_mismatch` or `not_found` naming the tensor, and changes nothing then. A file without optimizer state
  /// loads the weights alone.
  void load(const std::filesystem::path& path);

  const Device& device() const;
  Session& session();
  Graph& graph();
  /// The program of a training step, after begin() or fit().
  Program& step_program();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

namespace io {
void save(Trainer& trainer, const std::filesystem::path& path);
void load(Trainer& trainer, const std::filesystem::path& path);
}  // namespace io

}  // namespace lemnos
