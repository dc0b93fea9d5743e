// What `lemnos train mlp` left in a folder, opened again: for eval and predict.
#pragma once

#include <string>

#include "lemnos/lemnos.hpp"

namespace lemnos::tool {

/// The network of `lemnos train mlp`.
Model digit_model(int64_t hidden, int64_t classes);

struct Trained {
  Trainer trainer;
  Shape example;  // of one input
  int64_t hidden = 0, classes = 0;
};
/// From a folder of `lemnos train --out`, or a model file of it. Throws `not_found` where there is none, `corrupt_data`
/// for a file of another network.
Trained open_trained(const std::string& run, const Device& device);

/// Images of an IDX file, or a .npy array, fit for a model of that input. Values
/// of bytes are scaled to [0, 1]. Throws `shape_mismatch` with both shapes.
data::Dataset images_of(const std::string& path, const Shape& example);

}  // namespace lemnos::tool
