// The implementation of a Trainer: the learned state, the construction of a step, and the passes that run. None of the
// parts accesses another's members.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "train/learned.h"
#include "train/pass.h"
#include "train/step_builder.h"
#include "train/stream.h"

namespace lemnos {

namespace io {
struct TensorFile;
}

struct Trainer::Impl {
  Device device;
  Model model;
  TrainerOptions options;
  train::StepBuilder builder;
  train::Learned learned;
  std::unique_ptr<train::Pass> training;
  std::unique_ptr<train::Stream> stream;  // of the rows to train on, where they are not all on the device
  data::Source streamed;                  // the source that it reads
  std::vector<std::string> frozen;
  std::string other_seed;  // what is to be said when training goes on from a file of another seed
  std::string checkpoint;  // saved or loaded last
  bool stale = false;      // the program of a step was made before the last freeze or unfreeze

  Impl(Device device, Model model, TrainerOptions options);

  /// Makes the program for `data` unless the one that is there fits, and uploads the data, or the first window of it.
  /// If it throws, the learned state does not change. `keep` copies rows that do not fit the device.
  void prepare_training(const data::Dataset& data, const train::Order& order, bool keep);
  void prepare_training(data::Source source, const train::Order& order);
  /// Runs steps of the training pass; returns the metrics of each.
  std::vector<StepMetrics> train_steps(int64_t steps);
  /// Throws `out_of_range` where a step since the last call was left out at the least loss scale.
  void require_loss_scale();
  /// Throws it again, on a lost device with the name of the last checkpoint.
  [[noreturn]] void rethrow(const Error& error) const;
  /// The state may stand at another batch than before, also past the last: steps, and windows, begin where it stands.
  void resume();
  /// The rows to train on are no longer there: their source may go.
  void end_stream();

  /// `known`: the caller guarantees that the data has not changed since the last call.
  Metrics evaluate(const data::Dataset& data, int64_t batch, bool known = false);
  Metrics evaluate(const data::Source& source, int64_t batch);
  /// The pass of an evaluation, with cursor and step set back to the first batch, and the windows of its rows.
  struct Rows {
    train::Pass& pass;
    std::unique_ptr<const data::Source> own = {};  // of a data set that does not fit the device
    std::unique_ptr<train::Stream> windows = {};
  };
  Rows rows_of(const data::Dataset& data, int64_t batch_size, bool known = false);
  Rows rows_of(const data::Source& source, int64_t batch);
  /// The model's outputs, each row after row.
  std::vector<std::vector<float>> outputs_of(const Rows& rows);

  /// Whether these rows fit the device.
  bool is_resident(const data::Dataset& data) const;
  /// Makes the parameters for inputs of those example shapes, if they are not there yet.
  void make_parameters(const std::vector<Shape>& examples);
  std::vector<std::string> learning() const;
  /// The epochs of a fit. A source adds the column load_seconds.
  History fit_epochs(Trainer& trainer, const FitOptions& options, bool source);
  /// Part::model does not load the optimizer and the steps.
  void load(const std::filesystem::path& path, Snapshot::Part part);
  LoadReport load_matching(const std::filesystem::path& path, const std::vector<Shape>& shapes);
  std::string summary(const std::vector<Shape>& shapes, int64_t batch_size);
  std::vector<Shape> examples;  // of the inputs for which the parameters were created

 private:
  /// So many rows are there to train on, for every clock.
  void set_rows(int64_t rows, bool rewind);
  /// The pass for that many rows like these, its state at the right batch.
  void make_training(const data::Dataset& like, const train::Order& order, const train::Room& room, int64_t rows);
  /// The tensors of a file, each matched with one of this trainer.
  Snapshot matched(const io::TensorFile& file, const std::string& where);
  /// A pass that trains, or one that evaluates, over rows like these; where that throws, nothing has changed.
  std::unique_ptr<train::Pass> make_pass(bool trains, const data::Dataset& like, const train::Order& order,
                                         const train::Room& room);
  train::Pass& prepare_evaluation(const data::Dataset& like, int64_t rows, int64_t batch, const train::Room& room);
  Metrics metrics_of(const Rows& rows);

  /// The newest first; a few, so that any number of row counts takes bounded memory.
  std::list<std::unique_ptr<train::Pass>> evaluations_;
};

}  // namespace lemnos
