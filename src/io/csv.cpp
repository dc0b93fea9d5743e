#include "io/csv.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>

#include "base/text.h"
#include "io/file.h"
#include "io/number_text.h"

namespace lemnos::io {
namespace {

struct Cell {
  std::string text;
  int64_t line = 0;  // from 1, where the cell begins
};

using Record = std::vector<Cell>;

// Splits text into records of cells. Lines end with LF or CRLF.
class Splitter {
 public:
  Splitter(std::string_view text, const std::string& name, char separator)
      : text_(text), name_(name), separator_(separator) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  }

  // Nothing at the end of the text. Blank lines are passed over.
  std::optional<Record> next() {
    while (at_ < text_.size() && accept_line_end()) {
    }
    if (at_ == text_.size()) return std::nullopt;
    Record record;
    for (;;) {
      record.push_back(cell(record.size() + 1));
      if (at_ == text_.size() || accept_line_end()) return record;
      ++at_;  // the separator: cell() stops nowhere else
    }
  }

 private:
  bool accept_line_end() {
    if (text_.substr(at_).starts_with("\r\n"))
      at_ += 2;
    else if (text_[at_] == '\n')
      ++at_;
    else
      return false;
    ++line_;
    return true;
  }

  bool at_cell_end() const {
    return at_ == text_.size() || text_[at_] == separator_ || text_[at_] == '\n' ||
           text_.substr(at_).starts_with("\r\n");
  }

  Cell cell(size_t column) {
    Cell cell{{}, line_};
    if (at_ == text_.size() || text_[at_] != '"') {
      const size_t start = at_;
      while (!at_cell_end()) ++at_;
      cell.text = text_.substr(start, at_ - start);
      return cell;
    }
    for (++at_;; ++at_) {
      require(at_ < text_.size(), ErrorCode::corrupt_data, name_, ": line ", cell.line, ", column ", column,
              ": a quote opens and never closes");
      if (text_[at_] == '"') {
        ++at_;
        if (at_ == text_.size() || text_[at_] != '"') break;
      }
      if (text_[at_] == '\n') ++line_;
      cell.text += text_[at_];
    }
    require(at_cell_end(), ErrorCode::corrupt_data, name_, ": line ", line_, ", column ", column,
            ": text after the closing quote");
    return cell;
  }

  std::string_view text_;
  const std::string& name_;
  char separator_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Turns one column of cells into numbers, or says which cell is not one.
std::optional<size_t> read_numbers(std::span<const Record> records, size_t index, const CsvOptions& options,
                                   std::vector<double>& numbers) {
  numbers.reserve(records.size());
  for (size_t row = 0; row < records.size(); ++row) {
    const std::string& cell = records[row][index].text;
    if (contains(options.missing, cell)) {
      numbers.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const std::optional<double> number = parse_number(cell);
    if (!number) return row;
    numbers.push_back(*number);
  }
  return std::nullopt;
}

void read_codes(std::span<const Record> records, size_t index, const CsvOptions& options, CsvColumn& column) {
  column.categorical = true;
  column.numbers.clear();
  std::map<std::string, int32_t> codes;
  for (const Record& record : records)
    if (!contains(options.missing, record[index].text)) codes.emplace(record[index].text, 0);
  for (auto& [word, code] : codes) {
    code = static_cast<int32_t>(column.categories.size());
    column.categories.push_back(word);
  }
  for (const Record& record : records) {
    const auto found = codes.find(record[index].text);
    column.codes.push_back(found == codes.end() ? -1 : found->second);
  }
}

void read_column(std::span<const Record> records, size_t index, const CsvOptions& options, const std::string& name,
                 CsvColumn& column) {
  if (contains(options.categorical, column.name)) return read_codes(records, index, options, column);
  const std::optional<size_t> bad = read_numbers(records, index, options, column.numbers);
  if (!bad) return;
  const Cell& cell = records[*bad][index];
  require(!contains(options.numeric, column.name), ErrorCode::corrupt_data, name, ": line ", cell.line, ", column ",
          index + 1, " (", in_quotes(column.name), "): ", in_quotes(cell.text), " is not a number");
  read_codes(records, index, options, column);
}

void check_listed(const std::vector<std::string>& listed, const CsvTable& table) {
  for (const std::string& column : listed) (void)table[column];
}

}  // namespace

const CsvColumn& CsvTable::operator[](const std::string& column) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const CsvColumn& c) { return c.name == column; });
  if (found != columns.end()) return *found;
  std::string known;
  for (const CsvColumn& c : columns) known += (known.empty() ? "" : ", ") + in_quotes(c.name);
  fail(ErrorCode::not_found, this->name, ": no column ", in_quotes(column), ", there are: ", known);
}

CsvTable parse_csv(std::string_view text, const std::string& name, const CsvOptions& options) {
  require(options.separator != '"' && options.separator != '\n' && options.separator != '\r',
          ErrorCode::invalid_argument, name, ": a quote or a line end cannot separate cells");
  Splitter splitter(text, name, options.separator);
  std::optional<Record> record = splitter.next();
  require(record.has_value(), ErrorCode::corrupt_data, name, ": line 1, column 1: the file is empty");
  CsvTable table{.name = name};
  for (size_t i = 0; i < record->size(); ++i) {
    CsvColumn column;
    column.name = options.header ? (*record)[i].text : std::to_string(i);
    const auto same = std::find_if(table.columns.begin(), table.columns.end(),
                                   [&](const CsvColumn& c) { return c.name == column.name; });
    require(same == table.columns.end(), ErrorCode::corrupt_data, name, ": line ", (*record)[i].line, ", column ",
            i + 1, ": the name ", in_quotes(column.name), " is already that of column ",
            same - table.columns.begin() + 1);
    table.columns.push_back(std::move(column));
  }
  check_listed(options.numeric, table);
  check_listed(options.categorical, table);
  if (options.header) record = splitter.next();
  std::vector<Record> records;
  for (; record; record = splitter.next()) {
    require(record->size() == table.columns.size(), ErrorCode::corrupt_data, name, ": line ", record->front().line,
            ", column ", std::min(record->size(), table.columns.size()) + 1, ": has ", record->size(),
            " cells, expected ", table.columns.size());
    table.lines.push_back(record->front().line);
    records.push_back(std::move(*record));
  }
  table.rows = static_cast<int64_t>(records.size());
  for (size_t i = 0; i < table.columns.size(); ++i) read_column(records, i, options, name, table.columns[i]);
  return table;
}

CsvTable read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  const std::vector<uint8_t> bytes = read_file(path);
  return parse_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string(), options);
}

}  // namespace lemnos::io
