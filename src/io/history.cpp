#include "io/history.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/translate.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/number_text.h"

namespace lemnos::io {
void History::add(const Row& row) {
  for (auto& column : values_) column.push_back(kNoNumber);
  ++rows_;
  for (const auto& [name, value] : row) put(name, value);
}

void History::put(const std::string& name, double value) {
  require(rows_ > 0, ErrorCode::out_of_range, "history: column ", in_quotes(name), " has 0 epochs");
  const auto [found, is_new] = column_at_.emplace(name, columns_.size());
  if (is_new) {
    columns_.push_back(name);
    values_.emplace_back(rows_, kNoNumber);
  }
  values_[found->second].back() = value;
}

void History::set(const std::string& name, Fact value) {
  require(name != kEpochs, ErrorCode::invalid_argument, "history: the fact name ", in_quotes(name), " is reserved");
  const auto [found, is_new] = fact_at_.emplace(name, facts_.size());
  if (is_new) facts_.emplace_back(name, Fact{});
  facts_[found->second].second = std::move(value);
}

bool History::has(const std::string& column) const { return column_at_.contains(column); }

const std::vector<double>& History::operator[](const std::string& column) const {
  const auto found = column_at_.find(column);
  if (found != column_at_.end()) return values_[found->second];
  fail(ErrorCode::not_found, "history: no column ", in_quotes(column), ", there are: ", first_of(columns_));
}

double History::last(const std::string& column) const {
  const std::vector<double>& values = (*this)[column];
  require(!values.empty(), ErrorCode::out_of_range, "history: column ", in_quotes(column), " has 0 epochs");
  return values.back();
}

const History::Fact* History::fact(const std::string& name) const {
  const auto found = fact_at_.find(name);
  return found == fact_at_.end() ? nullptr : &facts_[found->second].second;
}

std::string to_csv(const History& history) {
  std::string text;
  for (const std::string& column : history.columns()) {
    if (!text.empty()) text += ',';
    text += '"';
    for (const char c : column) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    text += '"';
  }
  text += '\n';
  for (size_t row = 0; row < history.epochs(); ++row) {
    bool first = true;
    for (const std::string& column : history.columns()) {
      const double value = history[column][row];
      if (!first) text += ',';
      first = false;
      // One lone missing number would be a blank line, which readers skip.
      if (!std::isnan(value) || history.columns().size() == 1) text += shortest(value);
    }
    text += '\n';
  }
  return text;
}

History history_from_csv(const std::string& csv, const std::string& name) {
  const CsvTable table = parse_csv(csv, name);
  for (const CsvColumn& column : table.columns)
    require(!column.categorical, ErrorCode::corrupt_data, name, ": column ", in_quotes(column.name),
            " is not of numbers: ", in_quotes(column.categories.empty() ? "" : column.categories.front()));
  History history;
  for (size_t row = 0; row < static_cast<size_t>(table.rows); ++row) {
    History::Row values;
    for (const CsvColumn& column : table.columns) values.emplace_back(column.name, column.numbers[row]);
    history.add(values);
  }
  return history;
}

void write_history(const std::filesystem::path& path, const History& history) {
  const std::string extension = path.extension().string();
  require(extension == ".json" || extension == ".csv", ErrorCode::invalid_argument, path.string(),
          ": a history is .json or .csv, not ", in_quotes(extension));
  translated(path.string(), [&] { write_file(path, extension == ".json" ? to_json(history) : to_csv(history)); });
}

History read_history(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  require(extension == ".json" || extension == ".csv", ErrorCode::invalid_argument, path.string(),
          ": a history is .json or .csv, not ", in_quotes(extension));
  return translated(path.string(), [&] {
    const std::vector<uint8_t> bytes = read_file(path);
    const std::string text(bytes.begin(), bytes.end());
    return extension == ".json" ? history_from_json(text, path.string()) : history_from_csv(text, path.string());
  });
}

}  // namespace lemnos::io
