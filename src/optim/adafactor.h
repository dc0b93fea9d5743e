// Adafactor as nodes: sums over rows and columns, and the two ops that move variances and parameters.
#pragma once

#include <vector>

#include "lemnos/optim.h"

namespace lemnos::optim {

/// Updates these parameters from the gradient arena. `factors`: {of lr, of weight decay} for each block, or empty
/// for 1. Returns the new flat parameters.
Value add_adafactor(Graph& graph, const Adafactor& options, float clip_value, Value state,
                    const std::vector<Value>& parameters, const std::vector<float>& factors);

}  // namespace lemnos::optim
