// CSV tables: numbers with missing values, and categorical columns coded by their distinct words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lemnos::io {

struct CsvOptions {
  char separator = ',';
  bool header = true;  // else the columns are named "0", "1", ...
  std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "null", "?"};
  std::vector<std::string> columns;      // those that are read, of the others only the name; empty: all
  std::vector<std::string> numeric;      // columns in which anything but a number or a missing value is an error
  std::vector<std::string> categorical;  // columns that are words even where they look like numbers
};

struct CsvColumn {
  std::string name;
  bool categorical = false;
  std::vector<double> numbers;          // of a numeric column; NaN is missing
  std::vector<int32_t> codes;           // of a categorical column: index into categories; -1 is missing
  std::vector<std::string> categories;  // sorted, so that codes do not depend on the order of the rows
};

struct CsvTable {
  std::string name;  // of the file
  int64_t rows = 0;
  std::vector<CsvColumn> columns;
  std::vector<int64_t> lines;                         // where each row begins in the file, from 1
  std::unordered_map<std::string, size_t> column_at;  // by name

  /// Throws `not_found` naming the column and those that exist.
  const CsvColumn& operator[](const std::string& column) const;
};

/// Quoted fields may hold separators, line breaks and doubled quotes; lines end with LF, CRLF or CR; a byte-order mark
/// of UTF-8 is accepted, UTF-16 is refused; a first line `sep=;`, as Excel writes it, is the separator; blank lines are
/// skipped. Numbers use a decimal point in every locale. A column is categorical when it is listed so, or when a fifth
/// of its cells or more are neither numbers nor missing; fewer such cells are refused, the first with its line. Throws
/// `not_found`, `io`, or `corrupt_data` with the line and the column, both from 1.
CsvTable read_csv(const std::filesystem::path& path, const CsvOptions& options = {});
CsvTable parse_csv(std::string_view text, const std::string& name, const CsvOptions& options = {});

}  // namespace lemnos::io
