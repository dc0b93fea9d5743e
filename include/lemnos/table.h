// CSV tables as data sets: how the columns become features is learned from the training file and applied to every
// other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lemnos/data.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::data {

struct TableOptions {
  std::string target;                    // the column to predict: words are classes, numbers are values
  std::vector<std::string> features;     // columns to take; empty: all but the target
  std::vector<std::string> categorical;  // columns that are words even where they look like numbers
  /// Cells that stand for a missing value, spelled so exactly. In a column of words each of them is missing too.
  std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "null", "?"};
  bool standardise = true;    // numbers to mean 0 and variance 1
  bool allow_missing = true;  // a missing number counts as the mean, a missing word as none of the words
  char separator = ',';
};

/// Numbers are standardised; a column of words becomes one feature for each word of the training file, 1 or 0. A column
/// is of words where it is listed so or where a fifth of its known cells or more are no numbers; a few such cells among
/// numbers are taken for mistakes.
class TableEncoder {
 public:
  /// Learns from a training file. Throws `not_found` for a column that does not exist, `corrupt_data` with line and
  /// column for ragged rows, text in a number's place, and missing cells where they are not allowed.
  TableEncoder(const std::filesystem::path& training_file, TableOptions options);

  /// A file with the target column. Throws as above, and `corrupt_data` with the line, the column, the word and the
  /// words that are known for a word that the training file lacks.
  Dataset read(const std::filesystem::path& file) const;
  /// A file to predict for: the target column is neither needed nor looked at, and there is no y.
  Dataset read_features(const std::filesystem::path& file) const;

  std::vector<std::string> feature_names() const;  // "age", "colour=red", ...
  const std::vector<std::string>& class_names() const { return target_.words; }

 private:
  struct Column {
    std::string name;
    bool categorical = false;
    double mean = 0, deviation = 1;
    std::vector<std::string> words;  // sorted
  };
  Dataset encode(const std::filesystem::path& file, bool with_target) const;

  TableOptions options_;
  std::vector<Column> features_;
  Column target_;
};

}  // namespace lemnos::data

LEMNOS_END_PUBLIC
