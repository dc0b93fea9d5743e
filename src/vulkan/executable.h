// What a driver's compiler made of a pipeline: its statistics and its machine code, for those who shape kernels.
#pragma once

#include <string>
#include <vector>

#include "vulkan/context.h"

namespace lemnos::vulkan {

struct Executable {
  struct Statistic {
    std::string name;  // the driver's own word
    double value = 0;
  };
  struct Representation {
    std::string name;  // "ACO IR", "Assembly"
    std::string text;
  };
  uint32_t subgroup_size = 0;
  std::vector<Statistic> statistics;
  std::vector<Representation> representations;  // empty unless asked for
};

/// The statistics of all drivers in the same words. -1: this driver does not say.
struct Footprint {
  double registers = -1;     // of one invocation, in the driver's unit (a scalar's 32 bits; on Adreno four of them)
  double spills = -1;        // values that went to memory, or bytes where the driver counts those
  double scratch = -1;       // bytes of private memory
  double occupancy = -1;     // waves, warps or threads that a core holds at once
  double instructions = -1;  // all of them, loops counted once
  bool clean() const { return spills <= 0 && scratch <= 0; }
};

/// Compiles `desc` apart from every cache and asks the driver. `code`: the machine code too. Throws what creating a
/// pipeline throws, and `unsupported` for a device without VK_KHR_pipeline_executable_properties.
Executable inspect(Context& context, const PipelineDesc& desc, bool code);
Footprint footprint_of(const Executable& executable);

}  // namespace lemnos::vulkan
