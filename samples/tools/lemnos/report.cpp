// lemnos report: what a bug report needs, in one file: versions, devices, quirks, self-tests, the op suite, the log.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>

#include "arguments.h"
#include "base/text.h"
#include "commands.h"
#include "device_text.h"
#include "io/file.h"
#include "lemnos/log.h"
#include "lemnos/session.h"
#ifdef LEMNOS_HAS_CASES
#include "all_cases.h"
#include "check/runner.h"
#include "check_report.h"
#endif

namespace lemnos::tool {

namespace {

using Json = nlohmann::ordered_json;

struct ReportOptions {
  std::string device = "best";
  std::string out = "lemnos-report.md";
  std::string tier = "fast";
  bool json = false;
};

constexpr const char* kVariables[] = {"LEMNOS_DEVICE",
                                      "LEMNOS_PRESET",
                                      "LEMNOS_QUIRKS",
                                      "LEMNOS_SELF_TEST",
                                      "LEMNOS_VALIDATION",
                                      "LEMNOS_CACHE_DIR",
                                      "LEMNOS_SUBMISSION_MS",
                                      "LEMNOS_VULKAN_LIBRARY",
                                      "VK_DRIVER_FILES",
                                      "VK_ICD_FILENAMES",
                                      "VK_ADD_DRIVER_FILES",
                                      "VK_INSTANCE_LAYERS",
                                      "VK_LAYER_PATH",
                                      "MESA_VK_VERSION_OVERRIDE",
                                      "RADV_DEBUG",
                                      "RADV_PERFTEST",
                                      "ANV_DEBUG",
                                      "NVK_DEBUG",
                                      "LP_NUM_THREADS"};

/// The file, written as things become known: a driver that takes the process along leaves what was found before.
class ReportFile {
 public:
  explicit ReportFile(const std::string& path) : path_(path) {
    io::require_writable(path);
    out_.open(path, std::ios::binary | std::ios::trunc);
    add("# Lemnos report\n");
  }
  void add(const std::string& lines) {
    out_ << lines << std::flush;
    require(out_.good(), ErrorCode::io, path_, ": cannot be written");
  }
  void section(const std::string& title) { add("\n## " + title + "\n\n"); }
  // Indented: what Markdown shows as it is.
  void block(const std::string& lines) {
    std::string out = "    ";
    for (const char c : lines) {
      out += c;
      if (c == '\n') out += "    ";
    }
    add(out + "\n");
  }

 private:
  std::string path_;
  std::ofstream out_;
};

/// Everything that Lemnos says while the report is made; from any thread.
struct KeptLog {
  std::mutex mutex;
  std::string lines;
};

std::string environment() {
  std::string out;
  for (const char* name : kVariables)
    if (const char* value = std::getenv(name)) out += text(name, '=', value, '\n');
  return out.empty() ? "none of the variables that matter is set\n" : out;
}

std::string versions() {
  std::string out = text("lemnos ", LEMNOS_VERSION, "\n");
#if defined(__VERSION__)
  out += text("compiled by ", __VERSION__, ", C++ ", __cplusplus, "\n");
#endif
#if defined(__linux__)
  for (const char* file : {"/proc/version", "/etc/os-release"}) {
    std::ifstream in(file);
    std::string line;
    if (std::getline(in, line)) out += line + '\n';
  }
#endif
  return out;
}

std::string self_tests_of(const Device& device, Json& json) {
  std::string out;
  json["self_tests"] = Json::array();
  for (const SelfTest& test : device.self_test()) {
    out += text(test.name, test.failure.empty() ? " passed" : " FAILED: ", test.failure, '\n');
    json["self_tests"].push_back({{"name", test.name}, {"failure", test.failure}});
  }
  return out.empty() ? "none applies to this device\n" : out;
}

// The op suite. Returns whether nothing failed.
bool add_check_section(ReportFile& file, const Device& device, const ReportOptions& o, Json& json) {
#ifdef LEMNOS_HAS_CASES
  file.section("Check, " + o.tier);
  const std::vector<check::Case> cases = check::all_cases();
  CheckReport report(device.info().name, Json::object());
  size_t failed = 0;
  for (const check::Run& run : check::expand(cases, {.tier = check::find_tier(o.tier)})) {
    const check::Outcome outcome = check::run_on(run, device);
    const std::string again = check::reproducer(run, device.info());
    report.add({run.item->op, check::name_of(run), outcome, again, 0});
    if (outcome.kind != check::Outcome::Kind::failed) continue;
    ++failed;
    file.block(text("FAILED ", check::name_of(run), "\n  ", outcome.message, "\n  ", again));
  }
  const OpRow all = report.total();
  std::string table =
      formatted("%-24s %7s %7s %8s   %s\n", "op", "passed", "failed", "skipped", "worst error / tolerance");
  for (const auto& [op, row] : report.rows())
    table += formatted("%-24s %7d %7d %8d   %.3f\n", op.c_str(), row.passed, row.failed, row.skipped, row.worst_ratio);
  file.block(table + text("\n", all.passed, " passed, ", all.failed, " failed, ", all.skipped, " skipped"));
  json["check"] = report.json();
  return failed == 0;
#else
  file.section("Check");
  file.add("This build has no op suite.\n");
  json["check"] = nullptr;
  (void)device;
  (void)o;
  return true;
#endif
}

int run_report(const ReportOptions& o) {
  ReportFile file(o.out);
  Json json{{"lemnos", LEMNOS_VERSION}, {"report", o.out}, {"devices", Json::array()}};
  file.section("Versions");
  file.block(versions() + environment());
  file.section("Devices");
  for (const DeviceInfo& device : Device::list()) {
    file.block(to_text(device));
    json["devices"].push_back(to_json(device));
  }
  const auto log = std::make_shared<KeptLog>();
  const auto keep = [log](LogLevel level, std::string_view message) {
    constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
    const std::lock_guard lock(log->mutex);
    log->lines += text(kNames[static_cast<int>(level)], ": ", message, '\n');
  };
  const Device device = Device::find(o.device, {.logger = keep});
  file.section("Self-tests of " + device.info().name);
  file.add("If nothing follows, the driver ended the process in one of them.\n\n");
  file.block(self_tests_of(device, json));
  const bool right = o.tier == "none" || add_check_section(file, device, o, json);
  file.section("Log");
  const std::vector<std::string> messages = device.backend().validation_messages();
  const std::lock_guard lock(log->mutex);
  for (const std::string& message : messages) log->lines += "validation: " + message + '\n';
  file.block(log->lines.empty() ? "nothing was logged\n" : log->lines);
  json["log"] = log->lines;
  json["passed"] = right;
  if (o.json)
    std::printf("%s\n", json.dump(2).c_str());
  else
    std::printf("wrote %s: read it before you send it, it names this machine's devices and settings\n", o.out.c_str());
  return right ? 0 : 1;
}

}  // namespace

Command add_report(CLI::App& app) {
  auto o = std::make_shared<ReportOptions>();
  CLI::App* sub = app.add_subcommand("report", "Write one file for a bug report: devices, self-tests, op suite, log");
  add_name(sub, "--device", o->device, "Name, UUID, pci:.., luid:.., cpu or best");
  add_name(sub, "--out", o->out, "The file, Markdown");
  sub->add_option("--check", o->tier, "How much of the op suite: none, smoke, fast (minutes), broad, whole")
      ->check(CLI::IsMember({"none", "smoke", "fast", "broad", "whole"}))
      ->capture_default_str();
  sub->add_flag("--json", o->json, "Print the same as JSON");
  sub->footer(
      "Examples:\n"
      "  lemnos report                                  lemnos-report.md, to attach to an issue\n"
      "  LEMNOS_VALIDATION=sync lemnos report --check smoke\n"
      "What is known is written at once: after a crash the file says how far it came.\n"
      "Status: 0 written and nothing failed; 1 written and something failed, or it cannot be written; 2 wrong "
      "arguments.");
  return [o] { return run_report(*o); };
}

}  // namespace lemnos::tool
