#include "check_report.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

namespace lemnos::tool {

using Kind = check::Outcome::Kind;

void OpRow::add(const OpRow& other) {
  passed += other.passed;
  failed += other.failed;
  skipped += other.skipped;
  worst_ratio = std::max(worst_ratio, other.worst_ratio);
}

void CheckReport::add(CheckedRun run) {
  const Kind kind = run.outcome.kind;
  rows_[run.op].add({kind == Kind::passed, kind == Kind::failed, kind == Kind::skipped, run.outcome.worst_ratio});
  if (kind == Kind::skipped) ++refusals_[run.outcome.message];
  runs_.push_back(std::move(run));
}

OpRow CheckReport::total() const {
  OpRow total;
  for (const auto& [op, row] : rows_) total.add(row);
  return total;
}

bool CheckReport::passed() const {
  const OpRow all = total();
  return all.failed == 0 && all.passed > 0;
}

nlohmann::ordered_json CheckReport::json() const {
  nlohmann::ordered_json out = subject_;
  for (const auto& [op, row] : rows_)
    out["ops"][op] = {{"passed", row.passed},
                      {"failed", row.failed},
                      {"skipped", row.skipped},
                      {"worst_error_over_tolerance", row.worst_ratio}};
  out["failures"] = nlohmann::ordered_json::array();
  for (const CheckedRun& run : runs_)
    if (run.outcome.kind == Kind::failed)
      out["failures"].push_back({{"name", run.name}, {"message", run.outcome.message}, {"reproduce", run.command}});
  out["skipped"] = refusals_;
  return out;
}

// The reasons that took the most runs; those with shapes in them are many.
void CheckReport::print_skipped() const {
  constexpr size_t kShown = 8;
  std::vector<std::pair<int, std::string>> reasons;
  for (const auto& [reason, count] : refusals_) reasons.push_back({count, reason});
  std::ranges::stable_sort(reasons, std::greater{}, &std::pair<int, std::string>::first);
  if (!reasons.empty()) std::printf("\nskipped\n");
  int rest = 0;
  for (size_t i = 0; i < reasons.size(); ++i) {
    if (i < kShown)
      std::printf("%6d  %s\n", reasons[i].first, reasons[i].second.c_str());
    else
      rest += reasons[i].first;
  }
  if (rest > 0) std::printf("%6d  for %zu other reasons (--json names all)\n", rest, reasons.size() - kShown);
}

void CheckReport::print_table() const {
  std::printf("%-24s %7s %7s %8s   %s\n", "op", "passed", "failed", "skipped", "worst error / tolerance");
  for (const auto& [op, row] : rows_)
    std::printf("%-24s %7d %7d %8d   %.3f\n", op.c_str(), row.passed, row.failed, row.skipped, row.worst_ratio);
  print_skipped();
  for (const CheckedRun& run : runs_)
    if (run.outcome.kind == Kind::failed)
      std::printf("\nFAILED %s\n  %s\n  %s\n", run.name.c_str(), run.outcome.message.c_str(), run.command.c_str());
  const OpRow all = total();
  std::printf("\n%d passed, %d failed, %d skipped\n", all.passed, all.failed, all.skipped);
  if (all.passed == 0 && all.failed == 0) std::printf("nothing was shown\n");
}

int print(std::span<const CheckReport> reports, bool json) {
  if (json && reports.size() == 1) {
    std::printf("%s\n", reports[0].json().dump(2).c_str());
  } else if (json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const CheckReport& report : reports) all.push_back(report.json());
    std::printf("%s\n", all.dump(2).c_str());
  } else {
    for (const CheckReport& report : reports) {
      if (reports.size() > 1) std::printf("\n==== %s\n\n", report.name().c_str());
      report.print_table();
    }
  }
  return !reports.empty() && std::ranges::all_of(reports, &CheckReport::passed) ? 0 : 1;
}

}  // namespace lemnos::tool
