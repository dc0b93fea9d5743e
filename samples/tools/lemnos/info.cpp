// lemnos info: every device, what it can do, and why one is not used.

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "commands.h"
#include "device_text.h"
#include "lemnos/session.h"

namespace lemnos::tool {

using Json = nlohmann::ordered_json;

Json to_json(const DeviceInfo& d) {
  Json shapes = Json::array();
  for (const DeviceCaps::MatrixShape& s : d.caps.matrix_shapes)
    shapes.push_back({{"m", s.m},
                      {"n", s.n},
                      {"k", s.k},
                      {"operands", lemnos::to_string(s.operands)},
                      {"f32_accumulate", s.f32_accumulate}});
  Json quirks = Json::array();
  for (const DeviceQuirk& q : d.quirks)
    quirks.push_back({{"name", q.name}, {"effect", q.effect}, {"remedy", q.remedy}});
  Json self_tests = Json::array();
  for (const SelfTest& t : d.self_tests)
    self_tests.push_back({{"name", t.name}, {"passed", t.failure.empty()}, {"failure", t.failure}});
  return {{"name", d.name},
          {"type", to_string(d.type)},
          {"driver", d.driver},
          {"driver_version", d.driver_version},
          {"api_version", d.api_version},
          {"uuid", uuid_string(d.uuid)},
          {"pci", d.pci},
          {"memory_bytes", d.memory_bytes},
          {"usable", d.usable},
          {"refusal", d.refusal},
          {"subgroup_size", d.caps.subgroup_size},
          {"subgroup_arithmetic", d.caps.subgroup_arithmetic},
          {"fp16", d.caps.fp16},
          {"storage16", d.caps.storage16},
          {"cooperative_matrix", d.caps.cooperative_matrix},
          {"matrix_shapes", shapes},
          {"max_workgroup_invocations", d.caps.max_workgroup_invocations},
          {"max_shared_memory", d.caps.max_shared_memory},
          {"max_storage_range", d.caps.max_storage_range},
          {"max_allocation", d.caps.max_allocation},
          {"unified_memory", d.caps.unified_memory},
          {"longest_submission_ms", d.caps.longest_submission_ms},
          {"quirks", quirks},
          {"self_tests", self_tests}};
}

std::string to_text(const DeviceInfo& d) {
  std::string out;
  out += formatted("%s\n", d.name.c_str());
  out +=
      formatted("  type      %s\n  driver    %s, %s\n", to_string(d.type), d.driver.c_str(), d.driver_version.c_str());
  if (d.type == DeviceType::cpu_reference) return out;
  out += formatted("  vulkan    %s\n  uuid      %s\n", d.api_version.c_str(), uuid_string(d.uuid).c_str());
  if (!d.pci.empty()) out += formatted("  pci       %s\n", d.pci.c_str());
  if (!d.usable) out += formatted("  not used  %s\n", d.refusal.c_str());
  out += formatted("  memory    %.1f GiB%s\n", static_cast<double>(d.memory_bytes) / (1 << 30),
                   d.caps.unified_memory ? ", unified" : "");
  out += formatted("  subgroup  %u%s\n  half      %s\n", d.caps.subgroup_size,
                   d.caps.subgroup_arithmetic ? ", arithmetic" : "",
                   d.caps.storage16 ? "16-bit storage" : "packed in 32-bit words");
  out += formatted("  limits    %u invocations, %u KiB shared, %llu MiB a binding\n", d.caps.max_workgroup_invocations,
                   d.caps.max_shared_memory / 1024, static_cast<unsigned long long>(d.caps.max_storage_range >> 20));
  for (const DeviceCaps::MatrixShape& s : d.caps.matrix_shapes)
    out += formatted("  matrices  %ux%ux%u %s, sums in %s\n", s.m, s.n, s.k, lemnos::to_string(s.operands),
                     lemnos::to_string(s.f32_accumulate ? DType::f32 : s.operands));
  for (const DeviceQuirk& q : d.quirks)
    out += formatted("  quirk     %s: %s\n            %s\n", q.name.c_str(), q.effect.c_str(), q.remedy.c_str());
  for (const SelfTest& t : d.self_tests)
    out += formatted("  self-test %s %s%s\n", t.name.c_str(),
                     t.failure.empty() ? "passed" : "failed: ", t.failure.c_str());
  return out;
}

Command add_info(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  CLI::App* sub = app.add_subcommand("info", "List the devices and their capabilities");
  sub->add_flag("--json", *json, "Print JSON");
  auto test = std::make_shared<bool>(false);
  sub->add_flag("--test", *test, "Do the self-tests of every device first");
  sub->footer(
      "Examples:\n"
      "  lemnos info                     what there is, and which device the others take: the best\n"
      "  lemnos info --test              what drivers are known to get wrong, tried on this one\n"
      "  LEMNOS_DEVICE=cpu lemnos info   the variable chooses for every program of Lemnos\n"
      "Status: 0; 1 where a device cannot be opened for --test.");
  return [json, test] {
    std::vector<DeviceInfo> devices = Device::list();
    for (DeviceInfo& d : devices)
      if (*test && d.usable && d.type != DeviceType::cpu_reference) {
        d.self_tests = Device::find(uuid_string(d.uuid)).self_test();
      }
    if (*json) {
      Json all = Json::array();
      for (const DeviceInfo& d : devices) all.push_back(to_json(d));
      std::printf("%s\n", all.dump(2).c_str());
      return 0;
    }
    for (const DeviceInfo& d : devices) std::printf("%s", to_text(d).c_str());
    std::printf("\nbest: %s\n", Device::best().info().name.c_str());
    return 0;
  };
}

}  // namespace lemnos::tool
