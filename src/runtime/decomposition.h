// Fused ops in the oracle: a node is computed by the smaller ops that define it.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

/// Computes a node by its decomposition, in double throughout, and returns true. Returns false where the op has none or
/// gives none for this node: then `OpDef::reference` defines it.
bool compute_by_parts(const Reference& c);

}  // namespace lemnos
