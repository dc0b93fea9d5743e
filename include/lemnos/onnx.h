// ONNX files: trained networks for other runtimes, and networks of other programs to train on. A library of its own,
// `lemnos::onnx`, which `lemnos::lemnos` does not know of. src/onnx/README.md has the tables of ops.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lemnos/nn.h"
#include "lemnos/session.h"
#include "lemnos/tensor.h"
#include "lemnos/train.h"

namespace lemnos::onnx {

/// The operator set of ONNX that save() writes.
inline constexpr int64_t kOperatorSet = 17;

/// For save().
struct SaveOptions {
  /// How many rows the inputs and outputs of the file have; 0: any number, as the dimension "batch".
  int64_t batch = 0;
  /// Their names; empty: "input" and "output", where there are several "input_0", "input_1", ..
  std::vector<std::string> inputs = {}, outputs = {};
};

/// Writes the model as it predicts, with what the trainer has learned: layers as in evaluation, parameters and running
/// statistics under their names. The file takes f32[batch, ..] as Trainer::predict does. The trainer must know the
/// shapes of its inputs (from fit, evaluate, load or summary). Throws `unsupported` naming the ops that ONNX has no
/// counterpart for, or a value whose extents are no multiple of the batch; `invalid_argument` for another number of
/// names than there are inputs or outputs, and what Predictor throws; `io`. An interrupted save leaves an old file
/// whole; a link, a device or a pipe is written through.
void save(Trainer& trainer, const std::filesystem::path& path, const SaveOptions& options = {});
/// The same of a model without a trainer, with the state of a session; `examples` are the shapes of one row of each
/// input.
void save(Session& session, const Model& model, const std::vector<Shape>& examples, const std::filesystem::path& path,
          const SaveOptions& options = {});

/// A model of the file's graph. Its floating initializers of one axis or more that nodes compute with are parameters
/// under their names, so that Trainer::fit fine-tunes them; BatchNormalization has its running statistics, and trains
/// as nn::BatchNorm does; all else is constant. It computes in f32, and integers are i32. Inputs are f32[batch, ..], as
/// data sets give them; those that the file declares as integers are rounded towards zero. Throws `not_found`, `io` and
/// `corrupt_data`; `unsupported` with a line for each node of an op that there is not, and the ops that there are. What
/// does not fit the operands is thrown where the model is first used, naming the node.
Model load(const std::filesystem::path& path);

/// The ops that load() knows, of ONNX's own domain, by name.
std::vector<std::string> known_ops();

}  // namespace lemnos::onnx
