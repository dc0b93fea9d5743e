// How fast a program runs here, how fast anything could, and so how near it is: the measuring half of `lemnos bench`.
#pragma once

#include <string>

#include "lemnos/session.h"

namespace lemnos::tool {

/// The clock that a device is measured by: the wall's, or, where kernels run on the host's processor, seconds of
/// processor time, which a busy machine does not stretch.
class Stopwatch {
 public:
  explicit Stopwatch(const DeviceInfo& device) : processor_(device.type == DeviceType::software) {}
  double now() const;
  const char* name() const { return processor_ ? "processor time" : "wall clock"; }

 private:
  bool processor_;
};

/// Median seconds of one run over several submissions of several runs each, after warming up. Throws `device_lost`.
double seconds_of(Program& program, const DeviceInfo& device);

/// Fills every input of the session's graph with random numbers: floats within [-1, 1), integers below `integers`.
void fill_inputs(Session& session, Graph& graph, int64_t integers);

/// What the device can do at most, measured.
struct Ceilings {
  double far_bytes = 0;    // a second, read and written, by a copy of tensors too large for any cache
  double near_bytes = 0;   // the same of 256 KiB tensors
  double flops = 0;        // a second, by multiply-adds in registers, f32
  double chained = 0;      // seconds from one dispatch to the next that waits for it
  double independent = 0;  // seconds from one dispatch to the next without a barrier
  double submit = 0;       // seconds of the wall from a submission of almost nothing to the end of the wait for it
  double read = 0;         // seconds of the wall to read one number
};
Ceilings measure_ceilings(const Device& device);

/// The least time that `cost` could take, and why.
struct Limit {
  double seconds = 0;
  const char* bound = "";  // "memory", "arithmetic", "launches"
};
Limit limit_of(const PlanSummary& cost, const Ceilings& ceilings);

/// Prints what the host pays: from nothing to the first step, and for a step that is only replayed.
int bench_host(const std::string& selector, bool json);

}  // namespace lemnos::tool
