// Modules whose sums and products every device rounds alike, for Determinism::across_devices.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lemnos::vulkan {

/// The module with every operation on floats decorated NoContraction, and with a product and a sum in place of each
/// fma(), which a device may round once or twice. What is no SPIR-V stays as it is.
std::vector<uint32_t> without_contraction(std::span<const uint32_t> module);

}  // namespace lemnos::vulkan
