// The time of a step: every launch with its time on the device, and the work of the host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// Microseconds since the start of the profile.
struct Interval {
  double begin = 0, end = 0;
};

/// One launch of a program; on the CPU reference one node.
struct LaunchProfile {
  std::string op;       // op of the graph's node: "matmul"
  std::string result;   // its result: "f32[64, 784]"
  std::string kernel;   // "matmul_tiled.f32"; empty on the CPU reference
  uint64_t groups = 0;  // workgroups
  uint64_t bytes = 0;   // moved to and from memory, at least
  uint64_t flops = 0;
  std::vector<Interval> steps;  // when it ran, in each profiled step

  /// The median over the steps.
  double microseconds() const;
};

/// An action of the host.
struct HostProfile {
  std::string what;  // "submit", "wait"
  Interval when;
};

/// Returned by Program::profile.
struct Profile {
  std::string device, driver, driver_version;
  uint32_t steps = 0;
  std::vector<LaunchProfile> launches;  // in the order of execution
  std::vector<HostProfile> host;
  double replayed_microseconds =
      0;  // of a step by run(), in the same call: what the launches cost together, unmeasured

  /// The sum of the launches' times. A barrier separates each launch from the next, so this is more than the time of a
  /// step.
  double microseconds() const;
  /// By op, the most expensive first: launches, microseconds, share, GB/s, GFLOP/s.
  std::string table() const;
  /// For chrome://tracing and ui.perfetto.dev: JSON with a row for the device and one for the host. The device's clock
  /// is aligned with the host's: a step ends when the host's wait for it returns.
  std::string trace() const;
};

}  // namespace lemnos

LEMNOS_END_PUBLIC
