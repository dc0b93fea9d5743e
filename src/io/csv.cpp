#include "io/csv.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>

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

// Splits text into records of cells. Lines end with LF, CRLF or CR.
class Splitter {
 public:
  Splitter(std::string_view text, const std::string& name, char separator)
      : text_(text), name_(name), separator_(separator) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
    const size_t nul = text_.find('\0');
    const bool wide = text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff") || nul < 2;
    require(!wide, ErrorCode::unsupported, name_, ": line 1, column 1: is UTF-16, save it as UTF-8");
    require(nul == std::string_view::npos, ErrorCode::corrupt_data, name_, ": holds a NUL at byte ", nul,
            ", it is not text");
    constexpr std::string_view kSeparatorIs = "sep=";  // Excel's first line
    const size_t end = text_.find_first_of("\r\n");
    if (end == kSeparatorIs.size() + 1 && text_.starts_with(kSeparatorIs) && text_[4] != '"') {
      separator_ = text_[4];
      at_ = end;
    }
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
  static bool is_line_end(char c) { return c == '\n' || c == '\r'; }

  bool accept_line_end() {
    if (text_.substr(at_).starts_with("\r\n"))
      at_ += 2;
    else if (is_line_end(text_[at_]))
      ++at_;
    else
      return false;
    ++line_;
    return true;
  }

  bool at_cell_end() const { return at_ == text_.size() || text_[at_] == separator_ || is_line_end(text_[at_]); }

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
              ": a quote is not closed");
      if (text_[at_] == '"') {
        ++at_;
        if (at_ == text_.size() || text_[at_] != '"') break;
      }
      line_ += text_[at_] == '\n' || (text_[at_] == '\r' && !text_.substr(at_).starts_with("\r\n"));
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

using Words = std::unordered_set<std::string>;

Words set_of(const std::vector<std::string>& words) { return {words.begin(), words.end()}; }

// What the options list, to be looked up for each column and cell.
struct Listed {
  explicit Listed(const CsvOptions& options)
      : columns(set_of(options.columns)),
        missing(set_of(options.missing)),
        numeric(set_of(options.numeric)),
        categorical(set_of(options.categorical)) {}
  Words columns, missing, numeric, categorical;
};

// A column of cells as numbers, and which cells are none.
struct Numbers {
  std::vector<double> values;
  size_t known = 0, bad = 0;
  size_t first_bad = 0;  // row
};

Numbers read_numbers(std::span<const Record> records, size_t index, const Listed& listed) {
  Numbers numbers;
  numbers.values.reserve(records.size());
  for (size_t row = 0; row < records.size(); ++row) {
    const std::string& cell = records[row][index].text;
    numbers.values.push_back(std::numeric_limits<double>::quiet_NaN());
    if (listed.missing.contains(cell)) continue;
    ++numbers.known;
    const std::optional<double> number = parse_number(cell);
    if (number)
      numbers.values.back() = *number;
    else if (numbers.bad++ == 0)
      numbers.first_bad = row;
  }
  return numbers;
}

void read_codes(std::span<const Record> records, size_t index, const Listed& listed, CsvColumn& column) {
  column.categorical = true;
  std::map<std::string, int32_t> codes;
  for (const Record& record : records)
    if (!listed.missing.contains(record[index].text)) codes.emplace(record[index].text, 0);
  for (auto& [word, code] : codes) {
    code = static_cast<int32_t>(column.categories.size());
    column.categories.push_back(word);
  }
  for (const Record& record : records) {
    const auto found = codes.find(record[index].text);
    column.codes.push_back(found == codes.end() ? -1 : found->second);
  }
}

// One-hot features of what is nearly always a number are never what was meant: those cells are taken for mistakes.
void read_column(std::span<const Record> records, size_t index, const Listed& listed, const std::string& name,
                 CsvColumn& column) {
  if (listed.categorical.contains(column.name)) return read_codes(records, index, listed, column);
  Numbers numbers = read_numbers(records, index, listed);
  if (numbers.bad == 0) {
    column.numbers = std::move(numbers.values);
    return;
  }
  const Cell& cell = records[numbers.first_bad][index];
  const std::string what = text(name, ": line ", cell.line, ", column ", index + 1, " (", in_quotes(column.name),
                                "): ", in_quotes(cell.text), " is not a number");
  require(!listed.numeric.contains(column.name), ErrorCode::corrupt_data, what);
  require(5 * numbers.bad >= numbers.known, ErrorCode::corrupt_data, what, ", as ", numbers.known - numbers.bad, " of ",
          numbers.known, " cells are; correct it, list the word as missing, or the column as categorical");
  read_codes(records, index, listed, column);
}

void check_listed(const std::vector<std::string>& listed, const CsvTable& table) {
  for (const std::string& column : listed) (void)table[column];
}

}  // namespace

const CsvColumn& CsvTable::operator[](const std::string& column) const {
  const auto found = column_at.find(column);
  if (found != column_at.end()) return columns[found->second];
  std::vector<std::string> known;
  for (const CsvColumn& c : columns) known.push_back(in_quotes(c.name));
  fail(ErrorCode::not_found, this->name, ": no column ", in_quotes(column), ", there are: ", first_of(known));
}

CsvTable parse_csv(std::string_view content, const std::string& name, const CsvOptions& options) {
  require(options.separator != '"' && options.separator != '\n' && options.separator != '\r',
          ErrorCode::invalid_argument, name, ": a quote or a line end cannot separate cells");
  Splitter splitter(content, name, options.separator);
  std::optional<Record> record = splitter.next();
  require(record.has_value(), ErrorCode::corrupt_data, name, ": line 1, column 1: the file is empty");
  CsvTable table{.name = name};
  for (size_t i = 0; i < record->size(); ++i) {
    CsvColumn column;
    column.name = options.header ? (*record)[i].text : std::to_string(i);
    const auto [same, is_new] = table.column_at.emplace(column.name, i);
    require(is_new, ErrorCode::corrupt_data, name, ": line ", (*record)[i].line, ", column ", i + 1, ": the name ",
            in_quotes(column.name), " is already that of column ", same->second + 1);
    table.columns.push_back(std::move(column));
  }
  check_listed(options.columns, table);
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
  const Listed listed(options);
  for (size_t i = 0; i < table.columns.size(); ++i)
    if (options.columns.empty() || listed.columns.contains(table.columns[i].name))
      read_column(records, i, listed, name, table.columns[i]);
  return table;
}

CsvTable read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  const std::vector<uint8_t> bytes = read_file(path);
  return parse_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string(), options);
}

}  // namespace lemnos::io
