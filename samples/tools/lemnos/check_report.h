// What `lemnos check` found: a row an op, the failures with the command that repeats each, why runs were skipped, as a
// table or as JSON.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "check/judge.h"

namespace lemnos::tool {

class CheckReport {
 public:
  /// `subject` says what was judged, and begins the JSON: a device and its driver, a folder.
  explicit CheckReport(nlohmann::ordered_json subject) : subject_(std::move(subject)) {}

  void add(const std::string& op, const std::string& name, const check::Outcome& outcome, const std::string& reproduce);
  /// Prints, and returns the exit code: 0 when something passed and nothing failed.
  int print(bool json) const;

 private:
  struct Row {
    int passed = 0, failed = 0, skipped = 0;
    double worst_ratio = 0;
  };
  struct Failure {
    std::string name, message, command;
  };
  void print_json() const;
  void print_skipped() const;
  void print_table(const Row& total) const;

  nlohmann::ordered_json subject_;
  std::map<std::string, Row> rows_;
  std::vector<Failure> failures_;
  std::map<std::string, int> refusals_;  // why runs were skipped, and how many
};

}  // namespace lemnos::tool
