// Predictions in an application: made once for a largest batch, then write, run, read, without an allocation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "lemnos/train.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// A model's outputs for any number of rows up to a bound. Programs for a few numbers of rows are compiled, and run
/// once, when it is made; a run takes the smallest that holds its rows. One thread at a time, and not while its trainer
/// is used.
///
///     Predictor predictor(trainer, 64);
///     std::ranges::copy(features, predictor.input().begin());
///     if (predictor.run(3) == Status::ok) use(predictor.output());
class Predictor {
 public:
  /// With the weights of a trainer, as they are when it runs: training that goes on is seen. The trainer must outlive
  /// it and must know the shapes of its inputs (from fit, evaluate, load or summary). Throws `invalid_argument`, and
  /// what compiling throws.
  Predictor(Trainer& trainer, int64_t most_rows);
  /// With the weights of a file that Trainer::save made.
  Predictor(Device device, Model model, const std::filesystem::path& checkpoint, int64_t most_rows);
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;
  ~Predictor();

  int64_t most_rows() const;
  size_t inputs() const;
  size_t outputs() const;
  /// most_rows() rows of input i, row after row, to be filled.
  std::span<float> input(size_t i = 0);
  /// Hands the first `rows` rows of each input to the device and runs. Allocates nothing. Throws `invalid_argument` for
  /// less than one row or more than most_rows(), with both numbers.
  Status run(int64_t rows);
  /// The rows of output i that the last run made; the first call after it waits.
  std::span<const float> output(size_t i = 0);

  /// What a run of so many rows uses: for an application that writes the inputs on the device, at the place that
  /// export_buffer(session, input) says, and records the program into its own command buffers (VulkanRunner, in
  /// lemnos/vulkan.h). The values are f32[rows, ..]; rows that are not wanted may hold anything.
  struct Part {
    Session& session;
    Program& program;
    int64_t rows;
    std::span<const Value> inputs, outputs;
  };
  Part part(int64_t rows);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemnos

LEMNOS_END_PUBLIC
