// Predictions in an application: created once for a maximum batch; then write, run and read allocate nothing.
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

/// Computes a model's outputs for any number of rows up to a limit. The constructor compiles programs for a few numbers
/// of rows and runs each once; a run uses the smallest program that holds its rows. One thread at a time, and not while
/// its trainer is used.
///
///     Predictor predictor(trainer, 64);
///     std::ranges::copy(features, predictor.input().begin());
///     if (predictor.run(3) == Status::ok) use(predictor.output());
class Predictor {
 public:
  /// Uses the current weights of a trainer in each run. The trainer must outlive the predictor and must know the shapes
  /// of its inputs (from fit, evaluate, load or summary). Throws `invalid_argument`, and what compiling throws.
  Predictor(Trainer& trainer, int64_t most_rows);
  /// Uses the weights of a file that Trainer::save wrote.
  Predictor(Device device, Model model, const std::filesystem::path& checkpoint, int64_t most_rows);
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;
  ~Predictor();

  /// The bound it was made for.
  int64_t most_rows() const;
  /// The number of the model's inputs.
  size_t inputs() const;
  /// The number of the model's outputs.
  size_t outputs() const;
  /// Space for most_rows() rows of input i, row after row. Fill it before run().
  std::span<float> input(size_t i = 0);
  /// Uploads the first `rows` rows of each input and runs. Allocates nothing. Throws `invalid_argument` for less than
  /// one row or more than most_rows(), with both numbers.
  Status run(int64_t rows);
  /// The rows of output i from the last run. The first call after a run waits.
  std::span<const float> output(size_t i = 0);

  /// The session, program and values of a run with that many rows: for an application that writes the inputs on the
  /// device, to the buffer from export_buffer(session, input), and records the program into its own command buffers
  /// (VulkanRunner, in lemnos/vulkan.h). The values are f32[rows, ..]; unused rows may have any content.
  struct Part {
    Session& session;
    Program& program;
    int64_t rows;
    std::span<const Value> inputs, outputs;
  };
  /// The program for that many rows, to be recorded into your command buffer.
  Part part(int64_t rows);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemnos

LEMNOS_END_PUBLIC
