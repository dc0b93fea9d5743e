// The resources of this machine.
#pragma once

#include <cstdint>

namespace lemnos {

/// Bytes of memory in all, as the system says; the largest number where it does not.
uint64_t physical_memory();

}  // namespace lemnos
