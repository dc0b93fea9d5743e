// What drivers are known to get wrong, as small graphs: see graph/proof.h.
#pragma once

#include <span>

#include "graph/proof.h"

namespace lemnos {

std::span<const Proof> proofs();

}  // namespace lemnos
