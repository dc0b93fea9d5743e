// lemnos check: the correctness suite for a device and its driver, or for a backend that is not ours. Every op against
// the double-precision reference.

#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>

#include "all_cases.h"
#include "api/preset_device.h"
#include "arguments.h"
#include "base/stopwatch.h"
#ifdef LEMNOS_HAS_VULKAN
#include "bisect.h"
#endif
#include "check/case_file.h"
#include "check/runner.h"
#include "check_bits.h"
#include "check_report.h"
#include "check_repro.h"
#include "commands.h"
#include "io/file.h"
#include "io/terminal.h"

namespace lemnos::tool {

namespace {

constexpr int64_t kMostCases = 1000000;  // of an op

namespace fs = std::filesystem;

struct CheckOptions {
  check::Filter filter;
  std::string device = "best";
  std::string export_to;
  std::string foreign;
  std::string repro;        // an op: the folder is wanted
  std::string repro_out;    // where; empty: after the op
  std::string bisect;       // a network
  int64_t left_out = -1;    // of its launches
  std::string junit, html;  // files; empty: none
  std::string bits;         // likewise
  bool json = false;
  bool list = false;
  bool verbose = false;
};

// What a foreign backend is asked. It has variants of its own, so a case is written once, and its name says none.
int export_cases(const std::vector<check::Run>& runs, const fs::path& folder) {
  fs::create_directories(folder);
  std::set<std::string> written;
  std::map<std::string, int> left_out;  // by reason
  uint64_t bytes = 0;
  for (check::Run run : runs) {
    run.variant.clear();
    const fs::path path = folder / (check::stem_of(run) + ".case.safetensors");
    if (!written.insert(path.string()).second) continue;
    try {
      io::write_safetensors(path, check::case_file(run));
      bytes += fs::file_size(path);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported) throw;
      ++left_out[error.what()];
    }
  }
  size_t cases = written.size();
  for (const auto& [reason, count] : left_out) {
    std::printf("%d left out: %s\n", count, reason.c_str());
    cases -= static_cast<size_t>(count);
  }
  std::printf("%zu cases, %.1f MB, in %s\n", cases, static_cast<double>(bytes) / 1e6, folder.string().c_str());
  return cases > 0 ? 0 : 1;
}

// Before minutes of work, not after them.
void require_files(const CheckOptions& o) {
  for (const std::string& file : {o.junit, o.html})
    if (!file.empty()) io::require_writable(file);
}

int finish(const CheckOptions& o, const std::vector<CheckReport>& reports) {
  if (!o.junit.empty()) io::write_file(o.junit, junit_of(reports));
  if (!o.html.empty()) io::write_file(o.html, html_of(reports));
  return print(reports, o.json);
}

int judge_foreign(const CheckOptions& o) {
  require_files(o);
  std::vector<CheckReport> reports{{o.foreign, nlohmann::ordered_json::object({{"foreign", o.foreign}})}};
  CheckReport& report = reports[0];
  for (const fs::path& path : check::find_case_files(o.foreign)) {
    const std::string again = "lemnos check --foreign '" + path.string() + "'";
    try {
      const check::CaseFile asked = check::read_case_file(path);
      if (!o.filter.op.empty() && asked.op != o.filter.op) continue;
      const lemnos::Stopwatch watch;
      const check::Outcome outcome = check::judge_result_file(asked, check::result_path(path));
      report.add({asked.op, asked.name, outcome, again, watch.seconds()});
    } catch (const Error& error) {
      report.add({"(no case)", path.filename().string(), {check::Outcome::Kind::failed, error.what(), 0}, again, 0});
    }
  }
  return finish(o, reports);
}

std::vector<Device> devices_of(const CheckOptions& o) {
  if (o.device != "all") return {find_device(o.device, o.filter.preset)};
  std::vector<Device> devices;
  for (const DeviceInfo& device : Device::list())
    if (device.usable && device.type != DeviceType::cpu_reference)
      devices.push_back(find_device(uuid_string(device.uuid), o.filter.preset));
  if (devices.empty()) throw Error(ErrorCode::no_device, "check: there is no Vulkan device that can be used");
  return devices;
}

CheckReport check_device(const CheckOptions& o, const std::vector<check::Run>& runs, const Device& device) {
  const DeviceInfo& info = device.info();
  if (!o.json)
    std::printf("%s, %s %s, Vulkan %s, lemnos %s: %zu runs\n\n", info.name.c_str(), info.driver.c_str(),
                info.driver_version.c_str(), info.api_version.c_str(), LEMNOS_VERSION, runs.size());
  CheckReport report(info.name + ", " + info.driver + " " + info.driver_version,
                     nlohmann::ordered_json::object({{"lemnos", LEMNOS_VERSION},
                                                     {"device", info.name},
                                                     {"driver", info.driver},
                                                     {"driver_version", info.driver_version},
                                                     {"vulkan", info.api_version},
                                                     {"preset", o.filter.preset}}));
  std::fflush(stdout);
  ReproFolder repro(o.repro.empty() ? "" : o.repro_out.empty() ? "repro_" + o.repro : o.repro_out, info);
  BitsFile bits(o.bits);
  io::WorkBar bar("check", runs.size(), !o.json && !o.verbose);
  for (const check::Run& r : runs) {
    bar.next(r.item->op);
    const std::string again = check::reproducer(r, info);
    if (o.verbose) std::fprintf(stderr, "%s\n", again.c_str());  // before it runs: a driver may take the process along
    repro.begin(r);
    const lemnos::Stopwatch watch;
    const check::Outcome outcome = check::run_on(r, device);
    report.add({r.item->op, check::name_of(r), outcome, again, watch.seconds()});
    bits.add(check::name_of(r), outcome);
    if (repro.end(r, outcome)) break;
  }
  bar.clear();
  repro.finish(o.json ? stderr : stdout);
  if (!bits.finish(o.json ? stderr : stdout))
    report.add({"(bits)", o.bits, {check::Outcome::Kind::failed, "other bits than there", 0}, "", 0});
  return report;
}

int check_devices(const CheckOptions& o, const std::vector<check::Run>& runs) {
  require_files(o);
  std::vector<CheckReport> reports;
  for (const Device& device : devices_of(o)) reports.push_back(check_device(o, runs, device));
  return finish(o, reports);
}

// Which option leaves no case, and what it could be.
std::string why_nothing(const std::vector<check::Case>& cases, const check::Filter& filter) {
  check::Filter some{.op = filter.op};
  const auto listed = [&](auto word_of) {
    std::set<std::string> words;
    for (const check::Run& r : check::expand(cases, some)) words.insert(word_of(r));
    std::string list;
    for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
    return list;
  };
  if (check::expand(cases, some).empty()) {
    some.op.clear();
    return "no op '" + filter.op + "', only " + listed([](const check::Run& r) { return r.item->op; });
  }
  const std::string whose = filter.op.empty() ? "an op" : filter.op;
  some.variant = filter.variant;
  if (check::expand(cases, some).empty()) {
    some.variant.clear();
    return whose + " has no variant '" + filter.variant + "', only " +
           listed([](const check::Run& r) { return r.variant.empty() ? "one without a name" : r.variant; });
  }
  some.dtype = filter.dtype;
  if (check::expand(cases, some).empty()) {
    some.dtype.clear();
    return whose + " has no case of type '" + filter.dtype + "', only " +
           listed([](const check::Run& r) { return lemnos::to_string(r.dtype); });
  }
  return "no case of " + whose + " has that shape, number and direction; --list names all";
}

int bisect_network(const CheckOptions& o) {
#ifdef LEMNOS_HAS_VULKAN
  return bisect(find_device(o.device, o.filter.preset), {.network = o.bisect,
                                                         .out = o.repro_out.empty() ? "bisect" : o.repro_out,
                                                         .left_out = o.left_out,
                                                         .json = o.json});
#else
  throw Error(ErrorCode::unsupported, "check: --bisect " + o.bisect + ": this build has no Vulkan");
#endif
}

int run_check(const CheckOptions& o) {
  if (!o.bisect.empty()) return bisect_network(o);
  if (!o.foreign.empty()) return judge_foreign(o);
  const std::vector<check::Case> cases = check::all_cases();
  const std::vector<check::Run> runs = check::expand(cases, o.filter);
  if (runs.empty()) throw Error(ErrorCode::not_found, "check: " + why_nothing(cases, o.filter));
  if (!o.export_to.empty()) return export_cases(runs, o.export_to);
  if (o.list) {
    for (const check::Run& r : runs) std::printf("%s\n", check::name_of(r).c_str());
    return 0;
  }
  return check_devices(o, runs);
}

}  // namespace

Command add_check(CLI::App& app) {
  auto o = std::make_shared<CheckOptions>();
  CLI::App* sub = app.add_subcommand("check", "Check every op of a device against the reference");
  add_name(sub, "--device", o->device, "Name, UUID, pci:.., luid:.., best, or all: every one that can be used");
  sub->add_option("--preset", o->filter.preset, "Play a poorer device: no-half, small-workgroups, no-subgroups, ...");
  CLI::Option* op = sub->add_option("--op", o->filter.op, "Only this op");
  sub->add_option("--repro", o->repro,
                  "Of this op, write the first run that fails (or else the first) as a folder with the SPIR-V, the "
                  "buffers, a C program and an Amber script that need nothing of Lemnos, and stop there")
      ->type_name("OP")
      ->excludes(op);
  add_name(sub, "--repro-out", o->repro_out, "The folder of --repro [repro_OP] and --bisect [bisect]");
  CLI::Option* bisected =
      add_name(sub, "--bisect", o->bisect,
               "Run a network of `lemnos bench` (\"step LeNet\") launch by launch, judge each node by "
               "what the device has in its inputs, and write the first that fails as a folder");
  add_number(sub, "--leave-out", o->left_out, 0, kMostCases,
             "A launch that --bisect does not do, to see that it is found")
      ->default_str("")
      ->needs(bisected);
  sub->add_option("--dtype", o->filter.dtype, "f32, f16 or bf16");
  sub->add_option("--variant", o->filter.variant, "Only this variant of the kernels");
  sub->add_option("--direction", o->filter.direction, "forward or backward")
      ->check(CLI::IsMember({"forward", "backward"}));
  sub->add_flag("--special", o->filter.special, "only with NaN, infinities and the ends of the type in the inputs");
  sub->add_option("--shape", o->filter.shape, "Of the first input, as 113x41");
  add_number(sub, "--case", o->filter.index, 0, kMostCases, "Only the case of that number within its op")
      ->default_str("");
  add_number(sub, "--seed", o->filter.seed, "Of the inputs");
  sub->add_flag_callback(
      "--fast", [o] { o->filter.tier = check::Tier::fast; }, "The fast tier");
  CLI::Option* write =
      sub->add_option("--export", o->export_to, "Write the cases as files for another backend, and stop");
  sub->add_option("--foreign", o->foreign,
                  "Judge the results that another backend wrote there (a folder or a case file)")
      ->excludes(write);
  add_name(sub, "--junit", o->junit, "Write what was found for a build server");
  add_name(sub, "--html", o->html, "Write one page: ops against devices, the worst elements, the failures");
  add_name(sub, "--bits", o->bits,
           "Write a hash of every result there, or, where the file is there, fail where the bits are others");
  sub->add_flag("--verbose", o->verbose,
                "Print the command of each run before it starts: where a driver crashes or hangs, the last one");
  sub->add_flag("--list", o->list, "Print the names of the runs and stop");
  sub->add_flag("--json", o->json, "Print JSON");
  sub->footer(
      "Examples:\n"
      "  lemnos check --fast                                   minutes; every op, small shapes\n"
      "  lemnos check --op softmax --device all --html page.html --junit results.xml\n"
      "  lemnos check --repro softmax && cd repro_softmax      a failure without Lemnos: C, SPIR-V, Amber\n"
      "  lemnos check --bisect 'step LeNet'                    the first launch of a network that is wrong\n"
      "  LEMNOS_DETERMINISM=across_devices lemnos check --dtype f32 --bits bits.txt   on one device, then on another\n"
      "  lemnos check --op softmax --export cases              the questions, for a backend that is not ours\n"
      "Status: 0 something passed and nothing failed; 1 something failed, or nothing ran; 2 the arguments are wrong.");
  return [o] {
    if (!o->repro.empty()) o->filter.op = o->repro;
    if (!(o->repro.empty() && o->bisect.empty() && o->bits.empty()) && o->device == "all")
      throw Error(ErrorCode::invalid_argument, "check: --repro, --bisect and --bits are of one device; name it");
    return run_check(*o);
  };
}

}  // namespace lemnos::tool
