// The ops for every backend that is opened here.
#pragma once

#include "ops/proofs.h"
#include "ops/rewrites.h"
#include "runtime/op_library.h"
#include "shaders/kernels.h"

namespace lemnos {

inline OpLibrary op_library() { return {.find_kernel = find_kernel, .rewrites = rewrites(), .proofs = proofs()}; }

}  // namespace lemnos
