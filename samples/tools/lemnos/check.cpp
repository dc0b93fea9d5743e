// lemnos check: the correctness suite for a device and its driver. Every op against the double-precision reference.

#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "all_cases.h"
#include "check/runner.h"
#include "commands.h"

namespace lemnos::tool {

namespace {

using check::Outcome;

struct Options {
  check::Filter filter;
  std::string device = "best";
  bool json = false;
  bool list = false;
};

struct Row {
  int passed = 0, failed = 0, skipped = 0;
  double worst_ratio = 0;
};

struct Failure {
  std::string name, message, command;
};

int report_json(const Device& device, const std::map<std::string, Row>& rows, const std::vector<Failure>& failures) {
  nlohmann::ordered_json out{{"device", device.info().name},
                             {"driver", device.info().driver},
                             {"driver_version", device.info().driver_version}};
  for (const auto& [op, row] : rows)
    out["ops"][op] = {{"passed", row.passed},
                      {"failed", row.failed},
                      {"skipped", row.skipped},
                      {"worst_error_over_tolerance", row.worst_ratio}};
  out["failures"] = nlohmann::ordered_json::array();
  for (const Failure& f : failures)
    out["failures"].push_back({{"name", f.name}, {"message", f.message}, {"reproduce", f.command}});
  std::printf("%s\n", out.dump(2).c_str());
  return failures.empty() ? 0 : 1;
}

int report_text(const std::map<std::string, Row>& rows, const std::vector<Failure>& failures) {
  Row total;
  std::printf("%-24s %7s %7s %8s   %s\n", "op", "passed", "failed", "skipped", "worst error / tolerance");
  for (const auto& [op, row] : rows) {
    std::printf("%-24s %7d %7d %8d   %.3f\n", op.c_str(), row.passed, row.failed, row.skipped, row.worst_ratio);
    total.passed += row.passed;
    total.failed += row.failed;
    total.skipped += row.skipped;
  }
  for (const Failure& f : failures)
    std::printf("\nFAILED %s\n  %s\n  %s\n", f.name.c_str(), f.message.c_str(), f.command.c_str());
  std::printf("\n%d passed, %d failed, %d skipped\n", total.passed, total.failed, total.skipped);
  if (total.passed == 0 && total.failed == 0) std::printf("nothing was shown\n");
  return total.failed == 0 && total.passed > 0 ? 0 : 1;
}

int run(const Options& o) {
  const std::vector<check::Case> cases = check::all_cases();
  const std::vector<check::Run> runs = check::expand(cases, o.filter);
  if (runs.empty()) throw Error(ErrorCode::not_found, "check: no case fits these options");
  if (o.list) {
    for (const check::Run& r : runs) std::printf("%s\n", check::name_of(r).c_str());
    return 0;
  }
  const Device device = Device::find(o.device);
  if (!o.json)
    std::printf("%s, %s %s: %zu runs\n\n", device.info().name.c_str(), device.info().driver.c_str(),
                device.info().driver_version.c_str(), runs.size());
  std::map<std::string, Row> rows;
  std::vector<Failure> failures;
  for (const check::Run& r : runs) {
    Row& row = rows[r.item->op];
    const Outcome outcome = check::run_on(r, device);
    row.passed += outcome.kind == Outcome::Kind::passed;
    row.failed += outcome.kind == Outcome::Kind::failed;
    row.skipped += outcome.kind == Outcome::Kind::skipped;
    row.worst_ratio = std::max(row.worst_ratio, outcome.worst_ratio);
    if (outcome.kind == Outcome::Kind::failed)
      failures.push_back({check::name_of(r), outcome.message, check::reproducer(r, device.info())});
  }
  return o.json ? report_json(device, rows, failures) : report_text(rows, failures);
}

}  // namespace

Command add_check(CLI::App& app) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("check", "Check every op of a device against the reference");
  sub->add_option("--device", o->device, "Name, UUID, pci:.., luid:.. or best")->capture_default_str();
  sub->add_option("--op", o->filter.op, "Only this op");
  sub->add_option("--dtype", o->filter.dtype, "f32, f16 or bf16");
  sub->add_option("--variant", o->filter.variant, "Only this variant of the kernels");
  sub->add_option("--direction", o->filter.direction, "forward or backward")
      ->check(CLI::IsMember({"forward", "backward"}));
  sub->add_option("--shape", o->filter.shape, "Of the first input, as 113x41");
  sub->add_option("--case", o->filter.index, "Only the case of that number within its op");
  sub->add_option("--seed", o->filter.seed)->capture_default_str();
  sub->add_flag_callback(
      "--fast", [o] { o->filter.tier = check::Tier::fast; }, "The fast tier");
  sub->add_flag("--list", o->list, "Print the names of the runs and stop");
  sub->add_flag("--json", o->json, "Print JSON");
  return [o] { return run(*o); };
}

}  // namespace lemnos::tool
