// The embedded kernels by name: "softmax.f32.subgroup".
#pragma once

#include <span>
#include <string_view>

#include "lemnos/op.h"

namespace lemnos {

std::span<const Kernel> kernels();
const Kernel* find_kernel(std::string_view name);

}  // namespace lemnos
