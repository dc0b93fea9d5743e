// The two backends.
#pragma once

#include <memory>

#include "lemnos/session.h"
#include "runtime/op_library.h"

namespace lemnos {

namespace vulkan {
class Context;
}

/// Interprets graphs with the ops' references, in double, rounding every value to its dtype: the oracle.
std::shared_ptr<Backend> make_cpu_backend();

/// Compiles graphs for an adopted Vulkan device.
std::shared_ptr<Backend> make_vulkan_backend(std::shared_ptr<vulkan::Context> context, const OpLibrary& library);

}  // namespace lemnos
