#include "judges/report.h"

#include <algorithm>
#include <functional>
#include <istream>
#include <locale>
#include <sstream>
#include <utility>

#include "base/text.h"

namespace lemnos::judges {

namespace {

std::string reasons_of(const Tally& tally) {
  std::string line;
  for (const auto& [reason, count] : tally.reasons)
    line += (line.empty() ? "" : "; ") + reason + (tally.reasons.size() > 1 ? text(" (", count, ')') : std::string());
  return line;
}

Tally total_of(const std::map<std::string, Tally>& ops) {
  Tally total;
  for (const auto& [name, tally] : ops) {
    total.calls += tally.calls;
    total.expressed += tally.expressed;
    total.right += tally.right;
  }
  return total;
}

}  // namespace

void Report::add(const std::string& family, const std::string& op, const std::string& where, const Outcome& outcome) {
  Tally& tally = ops_[op];
  tally.family = family;
  ++tally.calls;
  if (outcome.kind == Outcome::Kind::unexpressed) {
    ++tally.reasons[outcome.message];
    return;
  }
  ++tally.expressed;
  if (outcome.kind == Outcome::Kind::right) {
    ++tally.right;
  } else {
    tally.wrong.push_back(where + ": " + outcome.message);
  }
}

void Report::print(std::ostream& out) const {
  out << formatted("%-46s %6s %9s %6s %6s  %s\n", "op", "calls", "expressed", "right", "wrong",
                   "not expressed because");
  for (const auto& [name, tally] : ops_)
    out << formatted("%-46s %6d %9d %6d %6d  %s\n", name.c_str(), tally.calls, tally.expressed, tally.right,
                     tally.expressed - tally.right, reasons_of(tally).c_str());
  print_families(out);
  print_reasons(out);
  for (const auto& [name, tally] : ops_)
    for (const std::string& line : tally.wrong) out << "wrong: " << line << '\n';
  const Tally total = total_of(ops_);
  out << "expressed " << total.expressed << " of " << total.calls << " calls, right " << total.right << ", wrong "
      << wrong() << '\n';
}

void Report::print_families(std::ostream& out) const {
  std::map<std::string, std::map<std::string, Tally>> families;
  for (const auto& [name, tally] : ops_) families[tally.family][name] = tally;
  for (const auto& [name, ops] : families) {
    const Tally total = total_of(ops);
    out << "family: " << name << ": " << ops.size() << " ops, " << total.calls << " calls, " << total.expressed
        << " expressed, " << total.right << " right\n";
  }
}

void Report::print_reasons(std::ostream& out) const {
  std::map<std::string, int> all;
  for (const auto& [name, tally] : ops_)
    for (const auto& [reason, count] : tally.reasons) all[reason] += count;
  std::vector<std::pair<std::string, int>> by_weight(all.begin(), all.end());
  std::ranges::stable_sort(by_weight, std::ranges::greater{}, [](const auto& row) { return row.second; });
  for (const auto& [reason, count] : by_weight) out << "not expressed: " << count << " by " << reason << '\n';
}

void Report::print_list(std::ostream& out) const {
  for (const auto& [name, tally] : ops_)
    out << name << ' ' << tally.calls << ' ' << tally.expressed << ' ' << tally.right << '\n';
}

bool Report::holds(std::istream& pinned, std::ostream& out) const {
  bool held = true;
  std::string line;
  while (std::getline(pinned, line)) {
    std::istringstream words(line);
    words.imbue(std::locale::classic());
    std::string name;
    Tally before;
    require(static_cast<bool>(words >> name >> before.calls >> before.expressed >> before.right),
            ErrorCode::corrupt_data, "the pinned list has the line '", line, "'; a line is: op calls expressed right");
    const auto found = ops_.find(name);
    const Tally now = found == ops_.end() ? Tally{} : found->second;
    const bool lost = now.expressed < before.expressed || now.right < before.right;
    if (lost || now.expressed > before.expressed || now.right > before.right)
      out << (lost ? "lost: " : "won: ") << name << " had " << before.expressed << " expressed and " << before.right
          << " right, has " << now.expressed << " and " << now.right << '\n';
    held = held && !lost;
  }
  return held;
}

int Report::wrong() const {
  const Tally total = total_of(ops_);
  return total.expressed - total.right;
}

}  // namespace lemnos::judges
