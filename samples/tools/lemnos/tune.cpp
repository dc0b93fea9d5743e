// lemnos tune: measures the variants of the kernels on a device and keeps all times in a file.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "arguments.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "commands.h"
#include "io/file.h"
#include "io/terminal.h"
#include "lemnos/lemnos.hpp"
#include "workloads.h"

namespace lemnos::tool {

namespace {

struct TuneOptions {
  std::string device = "best";
  std::string only = "step";
  std::string file = "tuning.json";
  double seconds = 60;
  bool json = false;
};

const TunedVariant* variant_of(const TunedOp& op, const std::string& name) {
  for (const TunedVariant& v : op.variants)
    if (v.variant == name && v.refusal.empty()) return &v;
  return nullptr;
}

void print_json_tune(const Tuning& tuning, const DeviceInfo& device, const std::string& file) {
  nlohmann::ordered_json out{{"device", device.name},
                             {"driver", device.driver},
                             {"driver_version", device.driver_version},
                             {"file", file},
                             {"ops", nlohmann::ordered_json::object()}};
  for (const auto& [key, op] : tuning.ops()) {
    nlohmann::ordered_json variants = nlohmann::ordered_json::array();
    for (const TunedVariant& v : op.variants)
      variants.push_back({{"variant", v.variant}, {"microseconds", v.microseconds}, {"refusal", v.refusal}});
    out["ops"][key] = {{"usual", op.usual}, {"variants", variants}};
  }
  std::printf("%s\n", out.dump(2).c_str());
}

void print_tune(const Tuning& tuning) {
  size_t better = 0;
  std::printf("%10s %-18s %10s %-18s  op\n", "us", "fastest", "us", "without tuning");
  for (const auto& [key, op] : tuning.ops()) {
    const TunedVariant* usual = variant_of(op, op.usual);
    if (op.variants.empty() || !op.variants[0].refusal.empty()) continue;
    const TunedVariant& best = op.variants[0];
    better += best.variant != op.usual;
    std::printf("%10.1f %-18s %10.1f %-18s  %s\n", best.microseconds, best.variant.c_str(),
                usual ? usual->microseconds : 0, op.usual.c_str(), key.c_str());
    for (const TunedVariant& v : op.variants)
      if (v.refusal.starts_with("wrong")) std::printf("%10s %s is %s\n", "", v.variant.c_str(), v.refusal.c_str());
  }
  std::printf("%zu ops, another variant than the usual is the fastest for %zu\n", tuning.ops().size(), better);
}

int run_tune(const TuneOptions& o) {
  const Device device = Device::find(o.device);
  if (device.info().type == DeviceType::cpu_reference)
    throw Error(ErrorCode::unsupported, "tune: the CPU reference has one way to run an op");
  Tuning tuning = io::load_tuning(o.file, device.info());
  io::require_writable(o.file);
  std::vector<Workload> workloads = step_workloads();
  for (Workload& op : op_workloads()) workloads.push_back(std::move(op));
  std::erase_if(workloads,
                [&](const Workload& w) { return (w.group + ' ' + w.name).find(o.only) == std::string::npos; });
  if (workloads.empty()) throw Error(ErrorCode::not_found, "tune: nothing is called '" + o.only + "'");
  const lemnos::Stopwatch watch;
  io::WorkBar bar("tune", workloads.size());
  for (const Workload& workload : workloads) {
    bar.next(text(workload.group, ' ', workload.name,
                  formatted(", at most %.0f s more", std::max(o.seconds - watch.seconds(), 0.))));
    const double left = o.seconds - watch.seconds();
    if (left <= 0) {
      bar.clear();
      std::fprintf(o.json ? stderr : stdout,
                   "no time left for %s %s: tune again, what is known is not measured twice\n", workload.group.c_str(),
                   workload.name.c_str());
      continue;
    }
    try {
      (void)workload.open(device, {.variant = {}, .tuning = &tuning, .tune_seconds = left});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported) throw;  // an op that this device cannot run
    }
  }
  bar.clear();
  io::save_tuning(tuning, o.file);
  if (o.json) {
    print_json_tune(tuning, device.info(), o.file);
    return 0;
  }
  std::printf("%s, %s %s\n", device.info().name.c_str(), device.info().driver.c_str(),
              device.info().driver_version.c_str());
  print_tune(tuning);
  std::printf("wrote %s\n", o.file.c_str());
  return 0;
}

}  // namespace

Command add_tune(CLI::App& app) {
  auto o = std::make_shared<TuneOptions>();
  CLI::App* sub =
      app.add_subcommand("tune", "Measure which kernels are the fastest on a device, and keep it in a file");
  add_name(sub, "--device", o->device, "Name, UUID, pci:.., luid:.. or best");
  sub->add_option("--only", o->only, "Rows of `lemnos bench` whose group and name have this in them")
      ->capture_default_str();
  add_number(sub, "--seconds", o->seconds, 0, 86400, "Begin nothing new after so many")->default_str("60");
  add_name(sub, "--file", o->file, "What is known is read from here, and what was measured added");
  sub->add_flag("--json", o->json, "Print JSON");
  sub->footer(
      "Examples:\n"
      "  lemnos tune                                      what the training steps of `lemnos bench` launch\n"
      "  lemnos tune --only 'network softmax' --seconds 20 --file mine.json\n"
      "  lemnos train mlp --tuning mine.json\n"
      "Status: 0 measured; 1 nothing of that name, or the file cannot be written; 2 the arguments are wrong.");
  return [o] { return run_tune(*o); };
}

}  // namespace lemnos::tool
