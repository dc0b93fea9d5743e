// The update ops of the optimizers, for the layer that builds them (src/optim).
#pragma once

#include <string_view>

#include "lemnos/op.h"

namespace lemnos::ops {

/// By its name: sgd, sgd_momentum, adagrad, adadelta, rmsprop, rmsprop_momentum, adam, adam_amsgrad, nadam, adamax,
/// radam, lion, average. Inputs: parameters, gradients, state, the slots, and perhaps the table of groups.
const OpDef& optimizer_op(std::string_view name);
/// How many slot arenas the op updates.
size_t optimizer_slots(const OpDef& op);

}  // namespace lemnos::ops
