// The history of a training run: named numbers per epoch, and facts about the run. To and from JSON and CSV.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::io {

/// Numbers by epoch, in columns, and facts of the whole run.
class History {
 public:
  /// A fact of a run: "best_epoch", "device".
  using Fact = std::variant<int64_t, double, std::string>;
  /// The columns of one epoch.
  using Row = std::vector<std::pair<std::string, double>>;

  /// Appends an epoch. A column seen for the first time is NaN in the rows before; one left out is NaN in this row.
  void add(const Row& row);
  /// Sets a number of the last epoch; the column may be new. Callbacks add columns for other callbacks with it. Throws
  /// `out_of_range` when there is no epoch.
  void put(const std::string& column, double value);
  /// Facts of the whole run ("device", "seed", "test_accuracy"): replaced if the name exists, otherwise appended. The
  /// name "epochs" is reserved (`invalid_argument`).
  void set(const std::string& name, Fact value);

  /// The number of rows.
  size_t epochs() const { return rows_; }
  /// In the order of their first use.
  const std::vector<std::string>& columns() const { return columns_; }
  /// Whether there is a column of that name.
  bool has(const std::string& column) const;
  /// A column: one number for each epoch. Throws `not_found` naming the column and those that exist.
  const std::vector<double>& operator[](const std::string& column) const;
  /// The number of the last epoch; throws `out_of_range` when there is none.
  double last(const std::string& column) const;
  /// In the order in which they were set.
  const std::vector<std::pair<std::string, Fact>>& facts() const { return facts_; }
  /// nullptr when unknown.
  const Fact* fact(const std::string& name) const;

 private:
  size_t rows_ = 0;
  std::vector<std::string> columns_;
  std::vector<std::vector<double>> values_;  // a vector a column
  std::vector<std::pair<std::string, Fact>> facts_;
  std::unordered_map<std::string, size_t> column_at_, fact_at_;
};

/// {"device": "...", "seed": 1, ..., "epochs": [{"epoch": 1, "loss": 0.31, ...}, ...]}. Writing and reading preserves
/// every bit of a number; NaN and infinities, which JSON lacks, become null and are read as NaN. Throws `corrupt_data`
/// for a file that is not a history, and for brackets nested deeper than 32.
std::string to_json(const History& history);
History history_from_json(const std::string& json, const std::string& name = "history");
/// A header line and a line for each epoch; missing numbers are empty. Facts are not written.
std::string to_csv(const History& history);
History history_from_csv(const std::string& csv, const std::string& name = "history");

/// By extension, ".json" or ".csv"; `invalid_argument` for another. An interrupted write leaves the old file whole.
void write_history(const std::filesystem::path& path, const History& history);
History read_history(const std::filesystem::path& path);

}  // namespace lemnos::io

LEMNOS_END_PUBLIC
