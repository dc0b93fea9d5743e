// lemnos check: the correctness suite for a device and its driver, or for a backend that is not ours. Every op against
// the double-precision reference.

#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>

#include "all_cases.h"
#include "api/preset_device.h"
#include "arguments.h"
#include "check/case_file.h"
#include "check/runner.h"
#include "check_report.h"
#include "commands.h"
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

int judge_foreign(const CheckOptions& o) {
  CheckReport report(nlohmann::ordered_json::object({{"foreign", o.foreign}}));
  for (const fs::path& path : check::find_case_files(o.foreign)) {
    const std::string again = "lemnos check --foreign '" + path.string() + "'";
    try {
      const check::CaseFile asked = check::read_case_file(path);
      if (!o.filter.op.empty() && asked.op != o.filter.op) continue;
      report.add(asked.op, asked.name, check::judge_result_file(asked, check::result_path(path)), again);
    } catch (const Error& error) {
      report.add("(no case)", path.filename().string(), {check::Outcome::Kind::failed, error.what(), 0}, again);
    }
  }
  return report.print(o.json);
}

int check_device(const CheckOptions& o, const std::vector<check::Run>& runs) {
  const Device device = find_device(o.device, o.filter.preset);
  if (!o.json)
    std::printf("%s, %s %s, Vulkan %s, lemnos %s: %zu runs\n\n", device.info().name.c_str(),
                device.info().driver.c_str(), device.info().driver_version.c_str(), device.info().api_version.c_str(),
                LEMNOS_VERSION, runs.size());
  CheckReport report(nlohmann::ordered_json::object({{"lemnos", LEMNOS_VERSION},
                                                     {"device", device.info().name},
                                                     {"driver", device.info().driver},
                                                     {"driver_version", device.info().driver_version},
                                                     {"vulkan", device.info().api_version},
                                                     {"preset", o.filter.preset}}));
  std::fflush(stdout);
  io::WorkBar bar("check", runs.size(), !o.json && !o.verbose);
  for (const check::Run& r : runs) {
    bar.next(r.item->op);
    const std::string again = check::reproducer(r, device.info());
    if (o.verbose) std::fprintf(stderr, "%s\n", again.c_str());  // before it runs: a driver may take the process along
    report.add(r.item->op, check::name_of(r), check::run_on(r, device), again);
  }
  bar.clear();
  return report.print(o.json);
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

int run_check(const CheckOptions& o) {
  if (!o.foreign.empty()) return judge_foreign(o);
  const std::vector<check::Case> cases = check::all_cases();
  const std::vector<check::Run> runs = check::expand(cases, o.filter);
  if (runs.empty()) throw Error(ErrorCode::not_found, "check: " + why_nothing(cases, o.filter));
  if (!o.export_to.empty()) return export_cases(runs, o.export_to);
  if (o.list) {
    for (const check::Run& r : runs) std::printf("%s\n", check::name_of(r).c_str());
    return 0;
  }
  return check_device(o, runs);
}

}  // namespace

Command add_check(CLI::App& app) {
  auto o = std::make_shared<CheckOptions>();
  CLI::App* sub = app.add_subcommand("check", "Check every op of a device against the reference");
  add_name(sub, "--device", o->device, "Name, UUID, pci:.., luid:.. or best");
  sub->add_option("--preset", o->filter.preset, "Play a poorer device: no-half, small-workgroups, no-subgroups, ...");
  sub->add_option("--op", o->filter.op, "Only this op");
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
  sub->add_flag("--verbose", o->verbose,
                "Print the command of each run before it starts: where a driver crashes or hangs, the last one");
  sub->add_flag("--list", o->list, "Print the names of the runs and stop");
  sub->add_flag("--json", o->json, "Print JSON");
  return [o] { return run_check(*o); };
}

}  // namespace lemnos::tool
