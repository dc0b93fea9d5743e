// CSV tables as data sets. The conversion of columns to features is fitted to the training file and applied to all
// files.
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

/// For TableEncoder.
struct TableOptions {
  std::string target;                    // the column to predict: words are classes, numbers are values
  std::vector<std::string> features;     // columns to take; empty: all but the target
  std::vector<std::string> categorical;  // columns that are words even if they look like numbers
  /// Cells that mean a missing value, with exactly this spelling. This holds in columns of words too.
  std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "null", "?"};
  bool standardise = true;    // numbers to mean 0 and variance 1
  bool allow_missing = true;  // a missing number becomes the mean, a missing word none of the words
  char separator = ',';
};

/// Numbers are standardised; a column of words becomes one feature for each word of the training file, 1 or 0. A column
/// contains words if it is listed as categorical or if at least a fifth of its known cells are not numbers. Fewer such
/// cells among numbers are errors.
class TableEncoder {
 public:
  /// Fits the conversion to a training file. Throws `not_found` for a column that does not exist, `corrupt_data` with
  /// line and column for ragged rows, text in a number's place, and missing cells where they are not allowed.
  TableEncoder(const std::filesystem::path& training_file, TableOptions options);

  /// Reads a file with the target column. Throws as above, and `corrupt_data` with the line, the column and the known
  /// words for a word that the training file does not contain.
  Dataset read(const std::filesystem::path& file) const;
  /// Reads a file for predictions: the target column is ignored, and there is no y.
  Dataset read_features(const std::filesystem::path& file) const;

  std::vector<std::string> feature_names() const;  ///< "age", "colour=red", ...
  /// The words of the target column, sorted; empty if it has numbers.
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
