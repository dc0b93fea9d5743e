// Training: a model, a loss and an optimizer on a device, with fit, evaluate, predict and summary, or step by step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lemnos/callback.h"
#include "lemnos/data.h"
#include "lemnos/history.h"
#include "lemnos/loss.h"
#include "lemnos/metrics.h"
#include "lemnos/nn.h"
#include "lemnos/optim.h"
#include "lemnos/session.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// Parameters by name, with another learning rate or weight decay than the rest. "*" matches any characters
/// ("features.*", "*.bias"). If several groups match, the last one counts.
struct NamedGroup {
  std::string parameters;
  float lr_scale = 1;            // 0: frozen
  float weight_decay_scale = 1;  // 0: no weight decay
};

/// How a model learns.
struct TrainerOptions {
  Loss loss = loss::CrossEntropy{};
  optim::Optimizer optimizer = optim::Adam{};
  optim::UpdateOptions update = {};  // learning-rate schedule, gradient clipping, loss scale, parameter groups
  uint64_t seed = 1;                 // of the initial weights, the order of the data and dropout
  /// The dtype that layers with weights compute in. With f16 and bf16 the weights are stored in f32 and rounded in each
  /// step, and the loss is f32. f16 uses update.loss_scale, by default LossScale{}.
  DType compute = DType::f32;
  /// Splits each batch into this many parts, computed one after the other, and adds up their gradients: the update of
  /// the whole batch with the memory of one part. The batch size must be a multiple.
  int64_t accumulate = 1;
  /// Mixes each example with another one of its batch. The share is drawn between 0 and `mixup` in each step; the loss
  /// mixes the losses of both targets in the same way. At most 0.5; 0: off. (Zhang et al., 2018, with a uniform share.)
  float mixup = 0;
  /// Metrics beside the loss, computed on the device in each step of fit and evaluate (metrics.h): `.metrics = {{"mae",
  /// loss::Mae{}}}`.
  std::vector<metrics::Metric> metrics = {};
  float average = 0;  // decay of a moving average of the weights (see averaged()); 0: off
  std::vector<NamedGroup> groups = {};
  /// Measured times of kernel variants, and how many seconds each program may spend on measuring unknown ones (see
  /// CompileOptions). It must outlive the trainer.
  Tuning* tuning = nullptr;
  double tune_seconds = 0;
  bool recompute = false;  // less memory for more launches (see CompileOptions)
};

enum class Verbosity {
  silent,
  lines,
  automatic
};  // automatic: a progress bar on a terminal, otherwise a line for each epoch

/// A run of Trainer::fit.
struct FitOptions {
  int64_t epochs = 1;
  int64_t batch_size = 32;
  const data::Dataset* validation = nullptr;        // evaluated after each epoch,
  const data::Source* validation_source = nullptr;  // or these rows, read again each time
  bool shuffle = true;
  bool drop_last = false;  // skip an incomplete last batch of an epoch; otherwise it is padded and masked
  Verbosity verbosity = Verbosity::automatic;
  std::vector<Callback> callbacks = {};  // called in this order
  /// Return false to stop after the submitted work.
  std::function<bool(const Progress&)> on_progress = {};
};

/// A copy of a trainer's state in host memory. Every trainer of the same model can load it.
struct Snapshot {
  /// What a snapshot contains.
  enum class Part {
    model,      // parameters and running statistics
    everything  // also the optimizer's state, the step, the position in the data
  };
  /// A tensor by its name.
  struct Tensor {
    std::string name;  // as in a checkpoint
    TensorDesc desc;
    std::vector<std::byte> bytes;
  };
  std::vector<Tensor> tensors;
};

/// The result of a partial load, by the names in the checkpoint.
struct LoadReport {
  std::vector<std::string> loaded;
  std::vector<std::string> other_shape;  // "4.weight: f32[10, 64] in the file, f32[5, 64] in the model"
  std::vector<std::string> missing;      // in the model, not in the file
  std::vector<std::string> unused;       // in the file, not in the model
  std::vector<std::string> unsupported;  // "1.num_batches_tracked: I64[]": of a type that Lemnos does not have
};
std::string to_string(const LoadReport& report);  // one line for each

/// The device's counters over all steps so far.
struct StepCounts {
  int64_t steps = 0;
  int64_t skipped = 0;  // skipped because their gradient was not finite
  int64_t epoch = 0;    // from 0
  int64_t batch = 0;    // of the epoch, from 0: the next one
  int64_t samples = 0;
  double learning_rate_factor = 1;  // the host's
  double loss_scale = 1;            // the current one
  double gradient_norm = 0;         // of the last step, if a norm was requested
};

/// One thread at a time. Data sets are copied to the device and may be destroyed afterwards.
class Trainer {
 public:
  Trainer(Device device, Model model, TrainerOptions options = {});
  ~Trainer();
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;

  /// Trains on `train` for whole epochs. The history has for each epoch: loss, accuracy (class losses; for several
  /// outputs that of the first), with loss::joint out1_loss, out1_accuracy, .. by the terms' names,
  /// TrainerOptions::metrics; the same for the validation, with the prefix "val_"; learning_rate (of the last step),
  /// seconds, samples_per_second. Another call continues from the weights and the optimizer's state. Throws
  /// `shape_mismatch` when the data does not fit the model, `invalid_argument` when a schedule decays to zero (cosine
  /// or polynomial to 0, one cycle) before the last step, and `device_lost` with the name of the last checkpoint.
  History fit(const data::Dataset& train, const FitOptions& options = {});
  /// The same with rows that are read while the device computes, in two windows in turn instead of the whole set. An
  /// epoch is the whole batches of it; the rest of one shuffled epoch comes in another. The history also has
  /// load_seconds, the time of reading and uploading in parallel to the steps. Schedules by epoch are `unsupported`.
  History fit(const data::Source& train, const FitOptions& options = {});
  /// Loss, accuracy and metrics over all rows. Throws as fit().
  Metrics evaluate(const data::Dataset& data, int64_t batch_size = 256);
  /// All rows in their order, in windows as in fit().
  Metrics evaluate(const data::Source& data, int64_t batch_size = 256);
  /// The model's output for each row of `x` [N, ..] with the scale of the data set: f32 values, row after row. For
  /// several outputs the first. Targets are not needed: `predict({.x = data::Array::floats({1, 4}, values)})`.
  std::vector<float> predict(const data::Dataset& data, int64_t batch_size = 256);
  /// The same for rows on demand.
  std::vector<float> predict(const data::Source& data, int64_t batch_size = 256);
  /// The same for each output of the model.
  std::vector<std::vector<float>> predict_all(const data::Dataset& data, int64_t batch_size = 256);
  /// The same for rows on demand.
  std::vector<std::vector<float>> predict_all(const data::Source& data, int64_t batch_size = 256);

  /// For a custom training loop: call begin() once, then step(n) repeatedly. Each call runs n steps in one submission
  /// and returns their means. Steps continue across epochs.
  void begin(const data::Dataset& train, int64_t batch_size, bool shuffle = true, bool drop_last = false);
  /// Runs n steps and returns their means. Throws `invalid_argument` before begin().
  Metrics step(int64_t steps = 1);
  /// The losses of the last `count` steps (at most 4096), oldest first.
  std::vector<float> recent_losses(int64_t count);
  /// Steps run so far, over all epochs.
  int64_t steps_done();
  /// Reads them from the device; waits for the steps so far.
  StepCounts counts();
  /// A factor of the learning rate in addition to the schedule's, stored on the device and in checkpoints.
  void set_learning_rate_factor(double factor);
  /// Computes the values of the next step one by one without changing anything, and describes the first that is not
  /// finite: a parameter, the data, or a node's output, in a loop with its iteration. Empty if all are finite.
  std::string first_bad_node();
  /// The first parameter that contains NaN or an infinity, and its position; empty if all are finite.
  std::string first_bad_parameter();

  /// Copies that part of the state to host memory.
  Snapshot snapshot(Snapshot::Part part = Snapshot::Part::everything);
  /// Writes the tensors of a snapshot back. Throws `not_found` or `shape_mismatch` naming the tensor, and then changes
  /// nothing.
  void restore(const Snapshot& snapshot);
  /// The model with averaged parameters (of TrainerOptions::average, otherwise of optim::Asgd), to be restored for
  /// evaluation. Throws `invalid_argument` without such an average.
  Snapshot averaged();

  /// From the next begin() or fit() on, parameters of that name ("*" as in NamedGroup) do not change, and no gradient
  /// is computed for them. Running statistics of a BatchNorm still change. begin() and fit() throw `not_found` if no
  /// parameter matches.
  void freeze(const std::string& parameters);
  void unfreeze();  ///< all that freeze() named

  /// Layers, output shapes, parameters, bytes, and the memory of a step; `example` is the shape of one input.
  std::string summary(const Shape& example, int64_t batch_size = 32);
  std::string summary(const data::Dataset& data, int64_t batch_size = 32);  ///< for its inputs

  /// Saves weights, state and optimizer to a safetensors file; an interrupted save leaves the old file whole. `notes`
  /// are added to the file's metadata. Throws `invalid_argument` for a note whose key Lemnos writes itself.
  void save(const std::filesystem::path& path, const std::map<std::string, std::string>& notes = {});
  /// Works before any data was seen, because the file contains the shapes of the inputs. Throws `shape_mismatch` or
  /// `not_found` naming the tensor, also for the state of another optimizer, and then changes nothing. A file without
  /// optimizer state loads the weights alone.
  void load(const std::filesystem::path& path);
  /// Loads those parameters and running statistics of a checkpoint whose name and shape the model has, and reports the
  /// rest: for transfer learning. `example` is the shape of one input.
  LoadReport load_matching(const std::filesystem::path& path, const Shape& example);
  LoadReport load_matching(const std::filesystem::path& path, const data::Dataset& data);  ///< for its inputs

  /// The device it was made with.
  const Device& device() const;
  /// The options it was made with.
  const TrainerOptions& options() const;
  /// The memory of the learned state; valid as long as the trainer.
  Session& session();
  /// A graph on the trainer's state in which every parameter, variable and slot has its value: for reading and writing
  /// them through session(), and for building your own programs. Valid as long as the trainer; it contains no step.
  Graph& graph();
  /// The program of a training step, after begin() or fit(). It may be run as long as the pointer exists, and trains
  /// the same parameters. begin() or fit() with another batch size, order or kind of data compiles another one.
  std::shared_ptr<Program> step_program();

  struct Impl;  // defined in src/train

 private:
  friend class Predictor;
  std::unique_ptr<Impl> impl_;
};

namespace io {
void save(Trainer& trainer, const std::filesystem::path& path);
void load(Trainer& trainer, const std::filesystem::path& path);
}  // namespace io

}  // namespace lemnos

LEMNOS_END_PUBLIC
