#include "lemnos/table.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/translate.h"
#include "io/csv.h"
#include "io/number_text.h"

namespace lemnos::data {

using io::in_quotes;

namespace {

/// The number of `word` among sorted words; -1 when it is not there.
int64_t index_of(const std::vector<std::string>& words, const std::string& word) {
  const auto found = std::ranges::lower_bound(words, word);
  return found != words.end() && *found == word ? found - words.begin() : -1;
}

bool lists(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// The position of a cell, for messages.
std::string place(const std::filesystem::path& file, const io::CsvTable& table, size_t row, const std::string& column) {
  return text(file.string(), ": line ", table.lines[row], ", column ", in_quotes(column));
}

double mean_of_known(const std::vector<double>& numbers) {
  double sum = 0, count = 0;
  for (double v : numbers)
    if (!std::isnan(v)) {
      sum += v;
      count += 1;
    }
  return count > 0 ? sum / count : 0;
}

}  // namespace

TableEncoder::TableEncoder(const std::filesystem::path& training_file, TableOptions options)
    : options_(std::move(options)) {
  require(!options_.target.empty(), ErrorCode::invalid_argument, "table: no target column is named");
  require(!lists(options_.features, options_.target), ErrorCode::invalid_argument, "table: the target ",
          in_quotes(options_.target), " is among the features");
  io::CsvOptions as{.separator = options_.separator, .missing = options_.missing, .categorical = options_.categorical};
  if (!options_.features.empty()) as.columns = options_.features;
  if (!options_.features.empty()) as.columns.push_back(options_.target);
  const io::CsvTable table = translated(training_file.string(), [&] { return io::read_csv(training_file, as); });
  if (options_.features.empty())
    for (const io::CsvColumn& column : table.columns)
      if (column.name != options_.target) options_.features.push_back(column.name);
  const auto learned = [&](const std::string& name) {
    const io::CsvColumn& from = table[name];
    Column column{.name = name, .categorical = from.categorical, .mean = 0, .deviation = 1, .words = from.categories};
    if (from.categorical || !options_.standardise || name == options_.target) return column;
    column.mean = mean_of_known(from.numbers);
    double squares = 0, count = 0;
    for (double v : from.numbers)
      if (!std::isnan(v)) {
        squares += (v - column.mean) * (v - column.mean);
        count += 1;
      }
    if (squares > 0) column.deviation = std::sqrt(squares / count);
    return column;
  };
  for (const std::string& name : options_.features) features_.push_back(learned(name));
  target_ = learned(options_.target);
  if (!options_.standardise)
    for (Column& column : features_) column.mean = column.categorical ? 0 : mean_of_known(table[column.name].numbers);
}

std::vector<std::string> TableEncoder::feature_names() const {
  std::vector<std::string> names;
  for (const Column& column : features_) {
    if (!column.categorical) names.push_back(column.name);
    for (const std::string& word : column.words) names.push_back(column.name + "=" + word);
  }
  return names;
}

namespace {
std::string quoted_list(std::vector<std::string> words) {
  for (std::string& word : words) word = in_quotes(word);
  return io::first_of(words);
}
}  // namespace

Dataset TableEncoder::read(const std::filesystem::path& file) const {
  return translated(file.string(), [&] { return encode(file, true); });
}
Dataset TableEncoder::read_features(const std::filesystem::path& file) const {
  return translated(file.string(), [&] { return encode(file, false); });
}

Dataset TableEncoder::encode(const std::filesystem::path& file, bool with_target) const {
  io::CsvOptions as{.separator = options_.separator, .missing = options_.missing};
  const auto ask = [&](const Column& column) {
    (column.categorical ? as.categorical : as.numeric).push_back(column.name);
    as.columns.push_back(column.name);
  };
  for (const Column& column : features_) ask(column);
  if (with_target) ask(target_);
  const io::CsvTable table = io::read_csv(file, as);

  const auto word_at = [&](const Column& column, const io::CsvColumn& from, size_t row) {
    if (from.codes[row] < 0) return int64_t{-1};
    const std::string& word = from.categories[static_cast<size_t>(from.codes[row])];
    const int64_t known = index_of(column.words, word);
    require(known >= 0, ErrorCode::corrupt_data, place(file, table, row, column.name), ": the word ", in_quotes(word),
            " is unknown, the training file has ", known < 0 ? quoted_list(column.words) : "");
    return known;
  };
  const auto require_known = [&](bool known, bool may_miss, size_t row, const Column& column) {
    require(known || may_miss, ErrorCode::corrupt_data, place(file, table, row, column.name), ": the cell is missing");
  };

  const auto rows = static_cast<size_t>(table.rows);
  const size_t width = feature_names().size();
  std::vector<float> x(rows * width);
  size_t at = 0;  // feature
  for (const Column& column : features_) {
    const io::CsvColumn& from = table[column.name];
    for (size_t row = 0; row < rows; ++row) {
      if (column.categorical) {
        const int64_t word = word_at(column, from, row);
        require_known(word >= 0, options_.allow_missing, row, column);
        if (word >= 0) x[row * width + at + static_cast<size_t>(word)] = 1;
        continue;
      }
      const double number = from.numbers[row];
      require_known(!std::isnan(number), options_.allow_missing, row, column);
      const double known = std::isnan(number) ? column.mean : number;
      x[row * width + at] = static_cast<float>(options_.standardise ? (known - column.mean) / column.deviation : known);
    }
    at += column.categorical ? column.words.size() : 1;
  }
  Dataset made{.x = Array::floats({table.rows, static_cast<int64_t>(width)}, x),
               .classes = static_cast<int64_t>(target_.words.size())};
  if (!with_target) return made;
  const io::CsvColumn& from = table[target_.name];
  std::vector<int32_t> classes(rows);
  std::vector<float> values(rows);
  for (size_t row = 0; row < rows; ++row) {
    if (target_.categorical) {
      classes[row] = static_cast<int32_t>(word_at(target_, from, row));
      require_known(classes[row] >= 0, false, row, target_);
    } else {
      values[row] = static_cast<float>(from.numbers[row]);
      require_known(!std::isnan(values[row]), false, row, target_);
    }
  }
  made.y = target_.categorical ? Array::integers({table.rows}, classes) : Array::floats({table.rows, 1}, values);
  return made;
}

}  // namespace lemnos::data
