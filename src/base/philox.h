// Philox 4x32-10 on the host: the generator of the kernels, by the same source.
#pragma once

#include "shaders/common/philox.h"

namespace lemnos {

using PhiloxCounter = shaders::uvec4;
using PhiloxKey = shaders::uvec2;
using shaders::philox;

}  // namespace lemnos
