#include "check_report.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

namespace lemnos::tool {

void CheckReport::add(const std::string& op, const std::string& name, const check::Outcome& outcome,
                      const std::string& reproduce) {
  using Kind = check::Outcome::Kind;
  Row& row = rows_[op];
  row.passed += outcome.kind == Kind::passed;
  row.failed += outcome.kind == Kind::failed;
  row.skipped += outcome.kind == Kind::skipped;
  row.worst_ratio = std::max(row.worst_ratio, outcome.worst_ratio);
  if (outcome.kind == Kind::skipped) ++refusals_[outcome.message];
  if (outcome.kind == Kind::failed) failures_.push_back({name, outcome.message, reproduce});
}

int CheckReport::print(bool json) const {
  Row total;
  for (const auto& [op, row] : rows_) {
    total.passed += row.passed;
    total.failed += row.failed;
    total.skipped += row.skipped;
  }
  if (json)
    print_json();
  else
    print_table(total);
  return total.failed == 0 && total.passed > 0 ? 0 : 1;
}

void CheckReport::print_json() const {
  nlohmann::ordered_json out = subject_;
  for (const auto& [op, row] : rows_)
    out["ops"][op] = {{"passed", row.passed},
                      {"failed", row.failed},
                      {"skipped", row.skipped},
                      {"worst_error_over_tolerance", row.worst_ratio}};
  out["failures"] = nlohmann::ordered_json::array();
  for (const Failure& f : failures_)
    out["failures"].push_back({{"name", f.name}, {"message", f.message}, {"reproduce", f.command}});
  out["skipped"] = refusals_;
  std::printf("%s\n", out.dump(2).c_str());
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

void CheckReport::print_table(const Row& total) const {
  std::printf("%-24s %7s %7s %8s   %s\n", "op", "passed", "failed", "skipped", "worst error / tolerance");
  for (const auto& [op, row] : rows_)
    std::printf("%-24s %7d %7d %8d   %.3f\n", op.c_str(), row.passed, row.failed, row.skipped, row.worst_ratio);
  print_skipped();
  for (const Failure& f : failures_)
    std::printf("\nFAILED %s\n  %s\n  %s\n", f.name.c_str(), f.message.c_str(), f.command.c_str());
  std::printf("\n%d passed, %d failed, %d skipped\n", total.passed, total.failed, total.skipped);
  if (total.passed == 0 && total.failed == 0) std::printf("nothing was shown\n");
}

}  // namespace lemnos::tool
