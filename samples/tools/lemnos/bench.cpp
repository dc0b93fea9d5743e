// lemnos bench: what the device can do at most, and how near to it every op and whole training steps come.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "arguments.h"
#include "commands.h"
#include "io/terminal.h"
#include "lemnos/tune.h"
#include "measure.h"
#include "workloads.h"

namespace lemnos::tool {

namespace {

using Json = nlohmann::ordered_json;

constexpr uint32_t kProfiledRuns = 7;

struct BenchOptions {
  std::string device = "best";
  std::string only;
  std::string variant;
  std::string tuning;  // a file; empty: none
  std::string dtype = "f32";
  Product product;
  bool json = false;
  bool profile = false;
};

struct Result {
  std::string group, name;
  PlanSummary cost;
  double seconds = 0;
  Limit limit;
  std::string skipped;  // why it did not run
  std::string profile;  // where the time goes, by kernel; empty unless asked for

  double percent() const { return seconds > 0 ? 100 * limit.seconds / seconds : 0; }
};

Result measure_bench(const Workload& workload, const Device& device, const BenchOptions& o, const Choices& choices,
                     const Ceilings& ceilings) {
  Result r{.group = workload.group, .name = workload.name, .cost = {}, .limit = {}, .skipped = {}, .profile = {}};
  try {
    const Running running = workload.open(device, choices);
    r.cost = running.program->summary();
    r.seconds = seconds_of(*running.program, device.info());
    r.limit = limit_of(r.cost, ceilings);
    if (o.profile) r.profile = running.program->profile(kProfiledRuns).table();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
    r.skipped = error.what();
  }
  return r;
}

Json head(const DeviceInfo& d, const Ceilings& c) {
  return {{"device", d.name},
          {"driver", d.driver},
          {"driver_version", d.driver_version},
          {"clock", Stopwatch(d).name()},
          {"ceilings",
           {{"far_bytes_per_second", c.far_bytes},
            {"near_bytes_per_second", c.near_bytes},
            {"flops_per_second", c.flops},
            {"chained_launch_seconds", c.chained},
            {"independent_launch_seconds", c.independent},
            {"submit_seconds", c.submit},
            {"read_seconds", c.read}}}};
}

void print_head_bench(const DeviceInfo& d, const Ceilings& c) {
  std::printf("%s, %s %s; %s\n", d.name.c_str(), d.driver.c_str(), d.driver_version.c_str(), Stopwatch(d).name());
  std::printf("copy %.2f GB/s (256 KiB: %.2f), multiply-add %.1f GFLOP/s\n", c.far_bytes / 1e9, c.near_bytes / 1e9,
              c.flops / 1e9);
  std::printf("a launch %.2f us (%.2f without a barrier), submit and wait %.1f us, a read %.1f us\n\n", c.chained * 1e6,
              c.independent * 1e6, c.submit * 1e6, c.read * 1e6);
  std::printf("%-12s %-34s %10s %9s %9s %10s %7s  %s\n", "", "", "us", "launches", "GB/s", "GFLOP/s", "of limit",
              "bound");
}

void print_bench(const Result& r) {
  if (!r.skipped.empty()) {
    std::printf("%-12s %-34s skipped: %s\n", r.group.c_str(), r.name.c_str(), r.skipped.c_str());
    return;
  }
  std::printf("%-12s %-34s %10.1f %9zu %9.2f %10.1f %6.0f %%  %s\n", r.group.c_str(), r.name.c_str(), r.seconds * 1e6,
              r.cost.dispatches, static_cast<double>(r.cost.bytes) / r.seconds / 1e9,
              static_cast<double>(r.cost.flops) / r.seconds / 1e9, r.percent(), r.limit.bound);
  if (!r.profile.empty()) std::printf("\n%s\n", r.profile.c_str());
  std::fflush(stdout);
}

Json to_json_bench(const Result& r) {
  if (!r.skipped.empty()) return {{"group", r.group}, {"name", r.name}, {"skipped", r.skipped}};
  return {{"group", r.group},
          {"name", r.name},
          {"seconds", r.seconds},
          {"dispatches", r.cost.dispatches},
          {"barriers", r.cost.barriers},
          {"bytes", r.cost.bytes},
          {"flops", r.cost.flops},
          {"limit_seconds", r.limit.seconds},
          {"bound", r.limit.bound},
          {"percent", r.percent()}};
}

int report(const Device& device, const std::vector<Workload>& workloads, const BenchOptions& o) {
  std::optional<Tuning> tuning;
  if (!o.tuning.empty()) tuning = io::load_tuning(o.tuning, device.info());
  const Choices choices{.variant = o.variant, .tuning = tuning ? &*tuning : nullptr};
  const Ceilings ceilings = measure_ceilings(device);
  if (!o.json) print_head_bench(device.info(), ceilings);
  Json out = head(device.info(), ceilings);
  out["results"] = Json::array();
  io::WorkBar bar("bench", workloads.size(), !o.json);
  for (const Workload& workload : workloads) {
    bar.next(workload.group + ' ' + workload.name);
    const Result result = measure_bench(workload, device, o, choices, ceilings);
    bar.clear();
    if (o.json)
      out["results"].push_back(to_json_bench(result));
    else
      print_bench(result);
  }
  if (o.json) std::printf("%s\n", out.dump(2).c_str());
  return 0;
}

Device open(const std::string& selector) {
  const Device device = Device::find(selector);
  if (device.info().type == DeviceType::cpu_reference)
    throw Error(ErrorCode::unsupported, "bench: the CPU reference is there to be right, not to be measured");
  return device;
}

int run_all(const BenchOptions& o) {
  std::vector<Workload> workloads = op_workloads();
  for (Workload& step : step_workloads()) workloads.push_back(std::move(step));
  std::erase_if(workloads,
                [&](const Workload& w) { return (w.group + ' ' + w.name).find(o.only) == std::string::npos; });
  if (workloads.empty()) throw Error(ErrorCode::not_found, "bench: no workload matches '" + o.only + "'");
  return report(open(o.device), workloads, o);
}

int run_product(BenchOptions o) {
  o.product.dtype = o.dtype == "f16" ? DType::f16 : o.dtype == "bf16" ? DType::bf16 : DType::f32;
  const Product& p = o.product;
  const std::string name = std::string(p.transpose_a ? "T" : "N") + (p.transpose_b ? "T " : "N ") +
                           std::to_string(p.m) + "x" + std::to_string(p.n) + "x" + std::to_string(p.k) + ' ' + o.dtype;
  return report(open(o.device), {product(name, p)}, o);
}

}  // namespace

Command add_bench(CLI::App& app) {
  auto o = std::make_shared<BenchOptions>();
  constexpr int64_t kMostExtent = int64_t{1} << 20;
  CLI::App* sub =
      app.add_subcommand("bench", "Measure the device's limits, and how close every op and step comes to them");
  sub->add_option("--only", o->only, "Only rows whose group and name contain this text (\"network softmax\")");
  CLI::App* gemm = sub->add_subcommand("gemm", "One matrix product: C[m, n] = A[m, k] B[k, n]");
  add_number(gemm, "--m", o->product.m, 1, kMostExtent, "");
  add_number(gemm, "--n", o->product.n, 1, kMostExtent, "");
  add_number(gemm, "--k", o->product.k, 1, kMostExtent, "");
  gemm->add_flag("--ta", o->product.transpose_a, "A is stored [k, m]");
  gemm->add_flag("--tb", o->product.transpose_b, "B is stored [n, k]");
  gemm->add_option("--dtype", o->dtype)->check(CLI::IsMember({"f32", "f16", "bf16"}))->capture_default_str();
  CLI::App* host = sub->add_subcommand("host", "Host cost: from start to first step, and of a replayed step");
  for (CLI::App* command : {sub, gemm, host}) {
    add_name(command, "--device", o->device, "Name, UUID, pci:.., luid:.. or best");
    if (command != host) command->add_option("--variant", o->variant, "Force a variant: \"matmul=tiled64\"");
    if (command != host) add_name(command, "--tuning", o->tuning, "File of `lemnos tune`");
    if (command != host) command->add_flag("--profile", o->profile, "Also print the time of each kernel");
    command->add_flag("--json", o->json, "Print JSON");
  }
  sub->footer(
      "Examples:\n"
      "  lemnos bench --only 'step LeNet' --profile\n"
      "  lemnos bench gemm --m 1024 --n 1024 --k 1024 --dtype f16 --json\n"
      "  lemnos bench host\n"
      "\"of limit\" is how much of what the device could do at most a row reaches; a software device is measured by\n"
      "processor time, so a busy machine does not matter.\n"
      "Status: 0 measured; 1 nothing of that name, or no device; 2 the arguments are wrong.");
  return [o, gemm, host] {
    if (host->parsed()) return bench_host(o->device, o->json);
    return gemm->parsed() ? run_product(*o) : run_all(*o);
  };
}

}  // namespace lemnos::tool
