// Small networks, trained for a few steps, which together have what the samples' networks are made of.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lemnos/train.h"

namespace lemnos::onnx {

struct Network {
  std::string name;
  Model model;
  Shape input, output;     // of one row
  int64_t vocabulary = 0;  // of inputs that are indices
};
std::vector<Network> networks();

/// Rows of random inputs and targets, equal for an equal seed.
data::Dataset rows_for(const Network& network, int64_t rows, uint32_t seed = 1);
/// On the CPU reference, with the mean of squares as its loss.
Trainer trainer_for(const Model& model);
/// The same after two epochs.
Trainer trained(const Network& network);

}  // namespace lemnos::onnx
