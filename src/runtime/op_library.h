// What a backend must be told of the ops, which it does not know itself: where kernels are found and which fusions
// exist.
#pragma once

#include <span>
#include <string_view>

#include "graph/edit.h"
#include "graph/proof.h"
#include "lemnos/op.h"

namespace lemnos {

struct OpLibrary {
  const Kernel* (*find_kernel)(std::string_view) = nullptr;
  std::span<const Rewrite> rewrites;
  std::span<const Proof> proofs = {};
};

}  // namespace lemnos
