// What a court's calls came to, by op: the table, and the list that is pinned.
#pragma once

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "judges/judge.h"

namespace lemnos::judges {

struct Tally {
  std::string family;
  int calls = 0, expressed = 0, right = 0;
  std::map<std::string, int> reasons;  // why calls are not expressed
  std::vector<std::string> wrong;      // one line each
};

class Report {
 public:
  /// `where` names the call: "addmm 3 (t0 f32[2, 3], ..)".
  void add(const std::string& family, const std::string& op, const std::string& where, const Outcome& outcome);

  /// By op, in the order of their names, with the reasons; by family; the reasons by weight; the wrong calls; the
  /// totals.
  void print(std::ostream& out) const;
  /// One line an op: name, calls, expressed, right.
  void print_list(std::ostream& out) const;
  /// Whether every op has at least what `pinned`, such a list, says of it; says to `out` what was lost and what was
  /// won. Throws `corrupt_data` for a line that is none.
  bool holds(std::istream& pinned, std::ostream& out) const;
  int wrong() const;
  bool empty() const { return ops_.empty(); }

 private:
  void print_families(std::ostream& out) const;
  void print_reasons(std::ostream& out) const;

  std::map<std::string, Tally> ops_;
};

}  // namespace lemnos::judges
