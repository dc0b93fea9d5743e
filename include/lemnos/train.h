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

/// Parameters by name, "*" standing for any characters ("features.*", "*.bias"), that learn at another rate or decay
/// otherwise than the rest. Where several match, the last counts.
struct NamedGroup {
  std::string parameters;
  float lr_scale = 1;            // 0: frozen
  float weight_decay_scale = 1;  // 0: no weight decay
};

struct TrainerOptions {
  Loss loss = loss::CrossEntropy{};
  optim::Optimizer optimizer = optim::Adam{};
  optim::UpdateOptions update = {};  // learning-rate schedule, gradient clipping, loss scale, parameter groups
  uint64_t seed = 1;                 // of the initial weights, the order of the data and dropout
  /// What layers with weights compute in. f16 and bf16 keep f32 weights, which are rounded in each step, and an f32
  /// loss; f16 takes update.loss_scale, LossScale{} where none is given.
  DType compute = DType::f32;
  /// Each batch in so many parts, one after the other, whose gradients add up: the update of the whole batch with the
  /// activations of a part. The batch size must be a multiple.
  int64_t accumulate = 1;
  /// Each example is mixed with another of its batch, whose share is drawn between 0 and `mixup` in each step; the loss
  /// is that mixture of both targets' losses. Up to 0.5; 0: none. (Zhang et al., 2018, with a uniform share.)
  float mixup = 0;
  /// Numbers beside the loss, computed on the device in each step of fit and evaluate (metrics.h):
  /// `.metrics = {{"mae", loss::Mae{}}}`.
  std::vector<metrics::Metric> metrics = {};
  float average = 0;  // decay of a running average of the weights (see averaged()); 0: none
  std::vector<NamedGroup> groups = {};
  /// Measured choices between kernels, and how long each program may measure what is not known (see CompileOptions). It
  /// must outlive the trainer.
  Tuning* tuning = nullptr;
  double tune_seconds = 0;
  bool recompute = false;  // less memory for more launches (see CompileOptions)
};

enum class Verbosity {
  silent,
  lines,
  automatic
};  // automatic: a progress bar on a terminal, a line an epoch elsewhere

struct FitOptions {
  int64_t epochs = 1;
  int64_t batch_size = 32;
  const data::Dataset* validation = nullptr;        // judged after each epoch,
  const data::Source* validation_source = nullptr;  // or these rows, read anew each time
  bool shuffle = true;
  bool drop_last = false;  // leave out the last batch of an epoch where it is not whole; else it is padded and masked
  Verbosity verbosity = Verbosity::automatic;
  std::vector<Callback> callbacks = {};  // told in this order
  /// Return false to stop after the work in flight.
  std::function<bool(const Progress&)> on_progress = {};
};

/// A copy on the host of what a trainer has learned. It fits every trainer of the same model.
struct Snapshot {
  enum class Part {
    model,      // parameters and running statistics
    everything  // also the optimizer's state, the step, the position in the data
  };
  struct Tensor {
    std::string name;  // as in a checkpoint
    TensorDesc desc;
    std::vector<std::byte> bytes;
  };
  std::vector<Tensor> tensors;
};

/// What became of a partial load, by names as in the checkpoint.
struct LoadReport {
  std::vector<std::string> loaded;
  std::vector<std::string> other_shape;  // "4.weight: f32[10, 64] in the file, f32[5, 64] in the model"
  std::vector<std::string> missing;      // in the model, not in the file
  std::vector<std::string> unused;       // in the file, not in the model
  std::vector<std::string> unheld;       // "1.num_batches_tracked: I64[]": of a type that no tensor has here
};
std::string to_string(const LoadReport& report);  // a line each

/// What the device has counted over all steps so far.
struct StepCounts {
  int64_t steps = 0;
  int64_t skipped = 0;  // left out because their gradient was not finite
  int64_t epoch = 0;    // from 0
  int64_t batch = 0;    // of the epoch, from 0: the one that comes next
  int64_t samples = 0;
  double learning_rate_factor = 1;  // the host's
  double loss_scale = 1;            // the running one
  double gradient_norm = 0;         // of the last step, where a norm was asked for
};

/// One thread at a time. Data sets given to it are copied to the device and may go afterwards.
class Trainer {
 public:
  Trainer(Device device, Model model, TrainerOptions options = {});
  ~Trainer();
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;

  /// Trains on `train` for whole epochs. The history has per epoch: loss, accuracy (class losses; of several outputs
  /// that of the first), with loss::joint out1_loss, out1_accuracy, .. by the terms' names, TrainerOptions::metrics;
  /// all of these of the validation too, with "val_" before them; learning_rate (of the last step), seconds,
  /// samples_per_second. Calling it again goes on from the weights and the optimizer's state. Throws `shape_mismatch`
  /// when the data does not fit the model, `invalid_argument` when a schedule decays to zero (cosine or
  /// polynomial to 0, one cycle) before the last step, and `device_lost` with the name of the last checkpoint.
  History fit(const data::Dataset& train, const FitOptions& options = {});
  /// The same with rows that are read while the device computes: double-buffered windows of them instead of the whole
  /// set. An epoch is the whole batches of it; the rest of one shuffled epoch comes in another. The history has also
  /// load_seconds, the time that reading and uploading took beside the steps. Schedules by epoch are `unsupported`.
  History fit(const data::Source& train, const FitOptions& options = {});
  Metrics evaluate(const data::Dataset& data, int64_t batch_size = 256);
  /// All rows of it in their order, in windows as fit() takes them.
  Metrics evaluate(const data::Source& data, int64_t batch_size = 256);
  /// The model's output for each row of `x` [N, ..] under the scale of the data set: f32 values, row after row. Of
  /// several outputs the first. Targets are not needed: `predict({.x = data::Array::floats({1, 4}, values)})`.
  std::vector<float> predict(const data::Dataset& data, int64_t batch_size = 256);
  std::vector<float> predict(const data::Source& data, int64_t batch_size = 256);
  /// The same for each output of the model.
  std::vector<std::vector<float>> predict_all(const data::Dataset& data, int64_t batch_size = 256);
  std::vector<std::vector<float>> predict_all(const data::Source& data, int64_t batch_size = 256);

  /// The loop in your own hands: begin() once, then step(n) as often as wanted; each runs n steps in one submission
  /// and returns their means. Steps go on across epochs.
  void begin(const data::Dataset& train, int64_t batch_size, bool shuffle = true, bool drop_last = false);
  Metrics step(int64_t steps = 1);
  /// The losses of the last `count` steps (at most 4096), oldest first.
  std::vector<float> recent_losses(int64_t count);
  /// Steps run so far, over all epochs.
  int64_t steps_done();
  StepCounts counts();
  /// A factor of the learning rate beside the schedule's, kept on the device and in checkpoints.
  void set_learning_rate_factor(double factor);
  /// Computes the next step's values one by one, changes nothing, and describes the first that is not finite: a
  /// parameter, the data, or a node's output, in a loop with its iteration. Empty when all are finite.
  std::string first_bad_node();
  /// The first parameter that holds NaN or an infinity, and where; empty when all are finite.
  std::string first_bad_parameter();

  Snapshot snapshot(Snapshot::Part part = Snapshot::Part::everything);
  /// Writes the tensors of a snapshot back. Throws `not_found` or `shape_mismatch` naming the tensor, and changes
  /// nothing then.
  void restore(const Snapshot& snapshot);
  /// The model with the averages of TrainerOptions::average, or of optim::Asgd without that, in place of its
  /// parameters, to be restored for evaluation.
  /// Throws `invalid_argument` without such an average.
  Snapshot averaged();

  /// From the next begin() or fit() on, parameters of that name ("*" as in NamedGroup) stay as they are, and no
  /// gradient is computed for them. Running statistics of a BatchNorm go on. Throws `not_found` there when no parameter
  /// matches.
  void freeze(const std::string& parameters);
  void unfreeze();  ///< all that freeze() named

  /// Layers, output shapes, parameters, bytes, and the memory of a step; `example` is the shape of one input.
  std::string summary(const Shape& example, int64_t batch_size = 32);
  std::string summary(const data::Dataset& data, int64_t batch_size = 32);  ///< for its inputs

  /// Weights, state and optimizer to a safetensors file; an interrupted save leaves the old file whole. `notes` go into
  /// the file's metadata. Throws `invalid_argument` for a note whose key Lemnos writes itself.
  void save(const std::filesystem::path& path, const std::map<std::string, std::string>& notes = {});
  /// Also before any data was seen: the file says for which inputs the model was made. Throws `shape_mismatch` or
  /// `not_found` naming the tensor, also where the state in it is another optimizer's, and changes nothing then. A file
  /// without optimizer state loads the weights alone.
  void load(const std::filesystem::path& path);
  /// Takes from a checkpoint those parameters and running statistics that the model has by name and shape, and says
  /// what became of the rest: the start of transfer learning. `example` is the shape of one input.
  LoadReport load_matching(const std::filesystem::path& path, const Shape& example);
  LoadReport load_matching(const std::filesystem::path& path, const data::Dataset& data);  ///< for its inputs

  const Device& device() const;
  const TrainerOptions& options() const;
  /// The memory of everything learned: valid as long as the trainer.
  Session& session();
  /// A graph on the trainer's state in which every parameter, variable and slot has its value: to read and write them
  /// through session(), and to build programs of your own on. Valid as long as the trainer; no step is built in it.
  Graph& graph();
  /// The program of a training step, after begin() or fit(). It may be run as long as it is held, and trains the same
  /// parameters; begin() or fit() with another batch size, order or kind of data makes another one.
  std::shared_ptr<Program> step_program();

  struct Impl;  // known to src/train alone

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
