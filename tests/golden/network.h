// What the networks have in common whose training PyTorch has recorded: their weights, and the files with the results.
#pragma once

#include <string>
#include <vector>

#include "lemnos/tensor.h"

namespace lemnos::golden {

struct Parameter {
  std::string name;  // as nn::sequential gives it
  Shape shape;
  std::vector<float> values;
};
/// Uniform in [middle - spread, middle + spread), by the formula.
Parameter parameter(const std::string& name, const Shape& shape, double middle, double spread, uint32_t stream);

/// A tensor of NETWORK.safetensors, for instance the losses of twenty steps, "losses.adam". Throws `not_found`.
std::vector<float> network_values(const std::string& network, const std::string& name);
/// The hash of the scripts that made that file.
std::string network_script(const std::string& network);

}  // namespace lemnos::golden
