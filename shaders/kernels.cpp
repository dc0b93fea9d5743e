#include "shaders/kernels.h"

#include <algorithm>

#include "kernel_table.h"  // made by lemnos-embed

namespace lemnos {

std::span<const Kernel> kernels() { return kKernels; }

const Kernel* find_kernel(std::string_view name) {
  const auto found = std::ranges::find(kKernels, name, [](const Kernel& k) { return std::string_view(k.name); });
  return found == std::end(kKernels) ? nullptr : &*found;
}

}  // namespace lemnos
