// lemnos kernels: what a driver's compiler makes of every kernel, in the specialisations that the op suite uses.
// Nothing is run, so a driver without hardware will do.

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "all_cases.h"
#include "arguments.h"
#include "base/text.h"
#include "check/runner.h"
#include "commands.h"
#include "ops/rewrites.h"
#include "plan/plan.h"
#include "shaders/kernels.h"
#include "vulkan/executable.h"
#include "vulkan/owned_device.h"
#include "workloads.h"

namespace lemnos::tool {

namespace {

using Json = nlohmann::ordered_json;

struct KernelsOptions {
  check::Filter filter;
  std::string device = "best";
  std::string kernel;
  std::string isa;
  int64_t most = 8;  // specialisations of a kernel; 0: all
  bool json = false;
};

/// One kernel with its constants: what becomes a pipeline.
struct Specialised {
  const Kernel* kernel;
  uint32_t bindings, push_bytes, subgroup_size;
  std::vector<uint32_t> spec;
  auto operator<=>(const Specialised&) const = default;

  std::string constants() const {
    std::string out;
    for (uint32_t word : spec) out += (out.empty() ? "" : " ") + std::to_string(word);
    return out;
  }
};

struct Compiled {
  std::vector<uint32_t> spec;
  bool chosen = false;  // by the device itself for some shape; what is only forced is no defect of the library
  vulkan::Executable executable;
  vulkan::Footprint footprint;
  std::string error;
};

/// Everything that the driver made of one kernel.
struct Entry {
  std::vector<Compiled> all;

  double most(double vulkan::Footprint::*member) const {
    double value = -1;
    for (const Compiled& c : all) value = std::max(value, c.footprint.*member);
    return value;
  }
  double least(double vulkan::Footprint::*member) const {
    double value = -1;
    for (const Compiled& c : all)
      if (const double v = c.footprint.*member; v >= 0) value = value < 0 ? v : std::min(value, v);
    return value;
  }
  long errors() const {
    return std::ranges::count_if(all, [](const Compiled& c) { return !c.error.empty(); });
  }
  bool chosen() const { return std::ranges::any_of(all, &Compiled::chosen); }
  bool clean() const {
    return errors() == 0 &&
           std::ranges::all_of(all, [](const Compiled& c) { return !c.chosen || c.footprint.clean(); });
  }
};
using Entries = std::map<std::string, Entry>;

// What would be launched, by whether the device chose it itself for some shape or only when forced to.
class Launches {
 public:
  Launches(const DeviceCaps& caps, std::string kernel) : caps_(caps), kernel_(std::move(kernel)) {}

  void add(const Graph& graph, const std::vector<Value>& targets, const std::string& variant) {
    PlanOptions options{
        .rewrites = {rewrites().begin(), rewrites().end()}, .find_kernel = find_kernel, .force_variant = variant};
    for (Value target : targets) options.needs.targets.push_back(target.id());
    try {
      for (const PlannedDispatch& planned : make_plan(graph, caps_, options).dispatches)
        add(planned.dispatch, variant.empty());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported) throw;  // a variant that this device declines
    }
  }
  const std::map<Specialised, bool>& chosen() const { return chosen_; }

 private:
  void add(const Dispatch& d, bool by_itself) {
    if (std::string_view(d.kernel->name).find(kernel_) == std::string_view::npos) return;
    const Specialised key{d.kernel,
                          static_cast<uint32_t>(d.tensors.size()),
                          static_cast<uint32_t>(d.params.bytes()),
                          d.subgroup_size,
                          {d.spec.span().begin(), d.spec.span().end()}};
    chosen_[key] |= by_itself;
  }
  const DeviceCaps& caps_;
  std::string kernel_;
  std::map<Specialised, bool> chosen_;
};

// The op suite in every way that this device could run it, and the shapes of `lemnos bench`, which are large.
Launches launches_of(const DeviceCaps& caps, const check::Filter& filter, const std::string& kernel) {
  Launches launches(caps, kernel);
  const auto cases = check::all_cases();
  for (const check::Run& run : check::expand(cases, filter)) {
    const check::Prepared item = check::outline(*run.item, run.dtype, run.direction);
    for (const std::string& variant : std::set<std::string>{"", run.variant})
      launches.add(*item.graph, item.outputs, variant);
  }
  if (filter.op.empty())
    for (const Workload& workload : op_workloads()) {
      Graph graph;
      const std::vector<Value> targets = workload.build(graph);
      launches.add(graph, targets, "");
    }
  return launches;
}

// At most `most` of each kernel, spread over all of them: neighbours differ in an epilogue or a tail.
using Choices = std::vector<std::pair<Specialised, bool>>;
Choices thinned(const std::map<Specialised, bool>& all, size_t most) {
  std::map<const Kernel*, Choices> by_kernel;
  for (const auto& choice : all) by_kernel[choice.first.kernel].push_back(choice);
  Choices kept;
  for (const auto& [kernel, list] : by_kernel) {
    const size_t count = most ? std::min(most, list.size()) : list.size();
    for (size_t i = 0; i < count; ++i) kept.push_back(list[i * (list.size() - 1) / std::max<size_t>(count - 1, 1)]);
  }
  return kept;
}

Compiled compile(vulkan::Context& context, const Specialised& s, bool chosen, bool code) {
  Compiled result{.spec = s.spec, .chosen = chosen, .executable = {}, .footprint = {}, .error = {}};
  try {
    result.executable = vulkan::inspect(context,
                                        {.name = s.kernel->name,
                                         .spirv = s.kernel->spirv,
                                         .bindings = s.bindings,
                                         .push_bytes = s.push_bytes,
                                         .spec = s.spec,
                                         .required_subgroup_size = s.subgroup_size},
                                        code);
    result.footprint = vulkan::footprint_of(result.executable);
  } catch (const Error& error) {
    result.error = error.what();
  }
  return result;
}

void print_code(const std::string& name, const Compiled& c) {
  std::printf("==== %s", name.c_str());
  for (uint32_t word : c.spec) std::printf(" %u", word);
  std::printf("\n");
  for (const vulkan::Executable::Statistic& s : c.executable.statistics)
    std::printf("%s: %g\n", s.name.c_str(), s.value);
  for (const vulkan::Executable::Representation& r : c.executable.representations)
    std::printf("---- %s\n%s\n", r.name.c_str(), r.text.c_str());
}

Json to_json_kernels(const Entry& entry) {
  Json all = Json::array();
  for (const Compiled& c : entry.all) {
    Json statistics = Json::object();
    for (const vulkan::Executable::Statistic& s : c.executable.statistics) statistics[s.name] = s.value;
    all.push_back({{"spec", c.spec},
                   {"chosen", c.chosen},
                   {"subgroup_size", c.executable.subgroup_size},
                   {"registers", c.footprint.registers},
                   {"spills", c.footprint.spills},
                   {"scratch", c.footprint.scratch},
                   {"occupancy", c.footprint.occupancy},
                   {"instructions", c.footprint.instructions},
                   {"error", c.error},
                   {"statistics", statistics}});
  }
  return all;
}

void report_json(const DeviceInfo& device, const Entries& entries) {
  Json out{{"device", device.name}, {"driver", device.driver}, {"driver_version", device.driver_version}};
  for (const auto& [name, entry] : entries) out["kernels"][name] = to_json_kernels(entry);
  std::printf("%s\n", out.dump(1).c_str());
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 0 ? "-" : "%.0f", value);
  return text;
}

void report_text(const DeviceInfo& device, const Entries& entries) {
  using vulkan::Footprint;
  size_t pipelines = 0, unclean = 0;
  std::printf("%s, %s %s\nthe worst of each kernel's specialisations\n\n", device.name.c_str(), device.driver.c_str(),
              device.driver_version.c_str());
  std::printf("%-36s %6s %9s %6s %7s %9s %12s\n", "kernel", "made", "registers", "spills", "scratch", "occupancy",
              "instructions");
  for (const auto& [name, e] : entries) {
    std::printf("%-36s %6zu %9s %6s %7s %9s %12s%s\n", name.c_str(), e.all.size(),
                number(e.most(&Footprint::registers)).c_str(), number(e.most(&Footprint::spills)).c_str(),
                number(e.most(&Footprint::scratch)).c_str(), number(e.least(&Footprint::occupancy)).c_str(),
                number(e.most(&Footprint::instructions)).c_str(),
                !e.clean()   ? "  <--"
                : e.chosen() ? ""
                             : "  (only when forced)");
    for (const Compiled& c : e.all)
      if (!c.error.empty()) std::printf("  %s\n", c.error.c_str());
    pipelines += e.all.size();
    unclean += e.clean() ? 0 : 1;
  }
  std::printf("\n%zu kernels, %zu pipelines; with a spill, scratch memory or an error: %zu\n", entries.size(),
              pipelines, unclean);
}

int run_kernels(const KernelsOptions& o) {
  const auto context = vulkan::open_device({.selector = o.device, .cache_folder = ""});
  require(context->caps().pipeline_executable_properties, ErrorCode::unsupported, "kernels: ", context->info().name,
          " (", context->info().driver, ") does not report how it compiles a kernel");
  const std::string& wanted = o.isa.empty() ? o.kernel : o.isa;
  Entries entries;
  const Launches launches = launches_of(context->caps(), o.filter, wanted);
  for (const auto& [s, chosen] : thinned(launches.chosen(), static_cast<size_t>(o.most)))
    entries[s.kernel->name].all.push_back(compile(*context, s, chosen, !o.isa.empty()));
  require(!entries.empty(), ErrorCode::not_found, "kernels: none fits these options");
  if (!o.isa.empty()) {
    for (const auto& [name, entry] : entries)
      for (const Compiled& c : entry.all) print_code(name, c);
    return 0;
  }
  if (o.json)
    report_json(context->info(), entries);
  else
    report_text(context->info(), entries);
  return std::ranges::all_of(entries, [](const auto& e) { return e.second.clean(); }) ? 0 : 1;
}

}  // namespace

Command add_kernels(CLI::App& app) {
  auto o = std::make_shared<KernelsOptions>();
  CLI::App* sub = app.add_subcommand(
      "kernels", "Show how the driver compiles every kernel; status 1 if one spills or needs scratch memory");
  add_name(sub, "--device", o->device, "Name, UUID, pci:.., luid:.. or best");
  sub->add_option("--kernel", o->kernel, "Only kernels whose name contains this text");
  sub->add_option("--isa", o->isa, "Print the machine code of kernels whose name contains this text");
  sub->add_option("--op", o->filter.op, "Only kernels that the cases of this op launch");
  sub->add_option("--dtype", o->filter.dtype, "f32, f16 or bf16");
  add_number(sub, "--most", o->most, 0, 1000000, "Number of specialisations of each kernel, evenly selected; 0: all");
  sub->add_flag("--json", o->json, "Print JSON: every specialisation, and the driver's own statistics");
  sub->footer(
      "Examples:\n"
      "  lemnos kernels --kernel matmul\n"
      "  lemnos kernels --isa softmax.f32.subgroup --most 1\n"
      "Status: 0 no kernel that the device would choose spills; 1 one does, or the driver does not say; 2 wrong "
      "arguments.");
  return [o] { return run_kernels(*o); };
}

}  // namespace lemnos::tool
