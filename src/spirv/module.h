// Reads what a compute module says of itself. For the embedded kernels the build does it (shaders/embed_kernels.cpp).
#pragma once

#include <cstdint>
#include <span>

#include "lemnos/op.h"

namespace lemnos {

/// Throws `corrupt_data` for words that are no module, `unsupported` for what no kernel may have (shaders/README.md).
KernelInfo read_spirv(std::span<const uint32_t> words);

}  // namespace lemnos
