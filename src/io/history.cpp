#include "io/history.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/text.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/number_text.h"

namespace lemnos::io {
namespace {

using Json = nlohmann::ordered_json;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kEpochs = "epochs";

Json number(double value) {
  if (!std::isfinite(value)) return nullptr;
  const bool whole = std::fabs(value) < 0x1p53 && value == std::floor(value) && !(value == 0 && std::signbit(value));
  if (whole) return static_cast<int64_t>(value);
  return value;
}

History::Fact fact_from(const Json& value, const std::string& key, const std::string& name) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()})
    return value.get<double>();
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_null()) return kNaN;
  if (value.is_boolean()) return int64_t{value.get<bool>()};
  fail(ErrorCode::corrupt_data, name, ": ", in_quotes(key), " is neither a number nor a string");
}

History::Row row_from(const Json& epoch, size_t index, const std::string& name) {
  require(epoch.is_object(), ErrorCode::corrupt_data, name, ": epoch ", index, " is not an object");
  History::Row row;
  for (const auto& [column, value] : epoch.items()) {
    require(value.is_number() || value.is_null(), ErrorCode::corrupt_data, name, ": epoch ", index, ": ",
            in_quotes(column), " is not a number");
    row.emplace_back(column, value.is_null() ? kNaN : value.get<double>());
  }
  return row;
}

}  // namespace

void History::add(const Row& row) {
  for (auto& column : values_) column.push_back(kNaN);
  ++rows_;
  for (const auto& [name, value] : row) put(name, value);
}

void History::put(const std::string& name, double value) {
  require(rows_ > 0, ErrorCode::out_of_range, "history: column ", in_quotes(name), " has 0 epochs");
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  const auto index = static_cast<size_t>(found - columns_.begin());
  if (found == columns_.end()) {
    columns_.push_back(name);
    values_.emplace_back(rows_, kNaN);
  }
  values_[index].back() = value;
}

void History::set(const std::string& name, Fact value) {
  require(name != kEpochs, ErrorCode::invalid_argument, "history: the fact name ", in_quotes(name), " is reserved");
  const auto found = std::find_if(facts_.begin(), facts_.end(), [&](const auto& f) { return f.first == name; });
  if (found == facts_.end())
    facts_.emplace_back(name, std::move(value));
  else
    found->second = std::move(value);
}

bool History::has(const std::string& column) const {
  return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
}

const std::vector<double>& History::operator[](const std::string& column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found != columns_.end()) return values_[static_cast<size_t>(found - columns_.begin())];
  std::string known;
  for (const std::string& name : columns_) known += (known.empty() ? "" : ", ") + name;
  fail(ErrorCode::not_found, "history: no column ", in_quotes(column), ", there are: ", known);
}

double History::last(const std::string& column) const {
  const std::vector<double>& values = (*this)[column];
  require(!values.empty(), ErrorCode::out_of_range, "history: column ", in_quotes(column), " has 0 epochs");
  return values.back();
}

const History::Fact* History::fact(const std::string& name) const {
  const auto found = std::find_if(facts_.begin(), facts_.end(), [&](const auto& f) { return f.first == name; });
  return found == facts_.end() ? nullptr : &found->second;
}

std::string to_json(const History& history) {
  Json json = Json::object();
  for (const auto& [name, value] : history.facts()) {
    if (const auto* real = std::get_if<double>(&value))
      // A real number stays real when it is read back, even where it is whole.
      json[name] = std::isfinite(*real) ? Json(*real) : Json(nullptr);
    else if (const auto* integer = std::get_if<int64_t>(&value))
      json[name] = *integer;
    else
      json[name] = std::get<std::string>(value);
  }
  Json epochs = Json::array();
  for (size_t row = 0; row < history.epochs(); ++row) {
    Json epoch = Json::object();
    for (const std::string& column : history.columns()) epoch[column] = number(history[column][row]);
    epochs.push_back(std::move(epoch));
  }
  json[kEpochs] = std::move(epochs);
  // Facts may come from a driver: a byte that is not UTF-8 must not cost the history of a long run.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

History history_from_json(const std::string& text, const std::string& name) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const nlohmann::json::parse_error& e) {
    fail(ErrorCode::corrupt_data, name, ": is not JSON at byte ", e.byte);
  } catch (const nlohmann::json::exception& e) {
    fail(ErrorCode::corrupt_data, name, ": ", e.what());
  }
  require(json.is_object() && json.contains(kEpochs) && json[kEpochs].is_array(), ErrorCode::corrupt_data, name,
          ": is not a history: an object with a list \"epochs\" was expected");
  History history;
  for (const auto& [key, value] : json.items())
    if (key != kEpochs) history.set(key, fact_from(value, key, name));
  size_t index = 0;
  for (const Json& epoch : json[kEpochs]) history.add(row_from(epoch, index++, name));
  return history;
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
  write_file(path, extension == ".json" ? to_json(history) : to_csv(history));
}

History read_history(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  require(extension == ".json" || extension == ".csv", ErrorCode::invalid_argument, path.string(),
          ": a history is .json or .csv, not ", in_quotes(extension));
  const std::vector<uint8_t> bytes = read_file(path);
  const std::string text(bytes.begin(), bytes.end());
  return extension == ".json" ? history_from_json(text, path.string()) : history_from_csv(text, path.string());
}

}  // namespace lemnos::io
