// A failure that nothing of Lemnos is needed to repeat: the launches of a plan, the memory that they begin with and
// what has to come out, as data; and as a folder with a C program and an Amber script for those who write drivers.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "check/runner.h"
#include "plan/plan.h"

namespace lemnos::tool {

struct Repro {
  struct Range {
    size_t buffer = 0;
    uint64_t offset = 0, bytes = 0;
  };
  struct Buffer {
    std::string name;
    std::vector<std::byte> before;
  };
  struct Launch {
    std::string label;
    const Kernel* kernel = nullptr;
    Words spec, params;
    uint32_t subgroup_size = 0;  // required, or 0
    std::array<uint32_t, 3> groups{1, 1, 1};
    std::optional<Range> counts;  // where the device reads the number of workgroups instead
    bool barrier = false;         // before it
    std::vector<Range> bindings;
    std::vector<bool> writes;  // by binding
    int node = -1;             // of the plan's graph
  };
  /// Every element lies between `low` and `high`; where the reference is no number, so is the result.
  struct Result {
    std::string name;
    TensorDesc desc;
    Range where;
    std::vector<double> reference, low, high;
    double nmse = 0;  // of the whole at most; 0: not asked
  };
  std::string title, device, driver;
  std::string message;  // what was found, empty where nothing was
  std::string command;  // that finds it again
  std::vector<Buffer> buffers;
  std::vector<Launch> launches;
  std::vector<Result> results;
};

/// Where the arenas of a plan lie among the buffers of a Repro.
class ReproMemory {
 public:
  /// Makes the buffers: what the state and the graph begin with, and poison in activations and guards.
  ReproMemory(Repro& repro, const Plan& plan);
  Repro::Range range(const Location& where) const;
  void write(const Location& where, std::span<const std::byte> bytes);
  /// Content of each arena but the activations, from `read`.
  void refill(const std::function<void(const Location&, std::span<std::byte>)>& read);

 private:
  void add(const Plan& plan, const ArenaId& id);

  struct Place {
    size_t buffer = 0;
    uint64_t base = 0;
    uint64_t bytes = 0;  // of the arena itself
  };
  Repro& repro_;
  std::map<ArenaId, Place> places_;
};

/// The launches of a plan.
void add_launches(Repro& repro, const ReproMemory& memory, const Plan& plan, const DeviceCaps& caps);

/// What has to come out of `where`; `bound` as in check/compare.h.
Repro::Result result_of(std::string name, const TensorDesc& desc, const Repro::Range& where,
                        const std::vector<double>& reference, const check::Tolerance& tolerance,
                        const std::vector<double>& bound = {});

/// One way to run one case, on a device of these caps, with what is right by the reference. Throws `unsupported` where
/// the device cannot run it so, and for a run with special values.
Repro repro_of(const check::Run& run, const DeviceInfo& device);

/// Writes repro.c, repro.amber, a module for each kernel and the content of each buffer and result. Throws `io`.
void write_repro(const Repro& repro, const std::filesystem::path& folder);

/// The two programs alone, and why there is no Amber script of it: an empty string where there is one.
std::string repro_c(const Repro& repro);
std::string repro_amber(const Repro& repro);
std::string why_no_amber(const Repro& repro);
/// The files that both name.
std::string module_file(const Kernel& kernel);
std::string buffer_file(size_t buffer);
std::string result_file(size_t result);

}  // namespace lemnos::tool
