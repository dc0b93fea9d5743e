// An optimizer as the update op that does it: which op, which slots, which attributes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lemnos/optim.h"
#include "ops/optimizer.h"

namespace lemnos::optim {

struct Spec {
  const char* op;
  std::vector<const char*> slots;  // names, in the op's order
  OptimizerAttrs attrs;            // no betas: 0
  float slot_start = 0;            // what the first slot starts at
  bool by_parameter = false;       // the op takes also where each parameter begins
  /// Takes the matrices among the parameters, with the first slot; the op has the rest.
  std::optional<Muon> muon = {};
  std::optional<Adafactor> adafactor = {};  // is made of several nodes for each parameter; `op` is the last of them
};

/// Throws `invalid_argument` naming the optimizer and the option that is out of range.
Spec spec_of(const Optimizer& optimizer);

}  // namespace lemnos::optim
