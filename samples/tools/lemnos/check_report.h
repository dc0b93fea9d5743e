// What `lemnos check` found: a row an op, the failures with the command that repeats each, why runs were skipped; as a
// table, as JSON, and as files for those who were not there (check_pages.cpp).
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "check/judge.h"

namespace lemnos::tool {

/// One run and what came of it.
struct CheckedRun {
  std::string op, name;
  check::Outcome outcome;
  std::string command;  // that repeats it
  double seconds = 0;
};

struct OpRow {
  int passed = 0, failed = 0, skipped = 0;
  double worst_ratio = 0;
  void add(const OpRow& other);
};

class CheckReport {
 public:
  /// `subject` says what was judged, and begins the JSON: a device and its driver, a folder. `name` is one of it.
  CheckReport(std::string name, nlohmann::ordered_json subject)
      : name_(std::move(name)), subject_(std::move(subject)) {}

  void add(CheckedRun run);
  /// Something passed and nothing failed.
  bool passed() const;
  nlohmann::ordered_json json() const;
  void print_table() const;

  const std::string& name() const { return name_; }
  const nlohmann::ordered_json& subject() const { return subject_; }
  const std::map<std::string, OpRow>& rows() const { return rows_; }
  const std::vector<CheckedRun>& runs() const { return runs_; }
  OpRow total() const;

 private:
  void print_skipped() const;

  std::string name_;
  nlohmann::ordered_json subject_;
  std::map<std::string, OpRow> rows_;
  std::vector<CheckedRun> runs_;
  std::map<std::string, int> refusals_;  // why runs were skipped, and how many
};

/// Prints them and returns the exit code: 0 when each of them passed.
int print(std::span<const CheckReport> reports, bool json);

/// JUnit's XML, which every build server reads: a suite a subject, a case a run.
std::string junit_of(std::span<const CheckReport> reports);
/// One page with nothing else to load: ops against subjects, and of each pair the worst elements, the failures and why
/// runs were skipped.
std::string html_of(std::span<const CheckReport> reports);

}  // namespace lemnos::tool
