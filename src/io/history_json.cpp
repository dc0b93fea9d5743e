// The history of a run as JSON. Read and written piece by piece: an object of the library looks a key up by walking
// over the others, so time would grow with the square of the facts.
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "io/history.h"
#include "io/json_text.h"
#include "io/number_text.h"

namespace lemnos::io {
namespace {

using Json = nlohmann::json;
constexpr size_t kMostNumbers = size_t{1} << 24;  // of the table of epochs and columns

// Facts may come from a driver: a byte that is not UTF-8 must not cost the history of a long run.
std::string word(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  const bool whole = std::fabs(value) < 0x1p53 && value == std::floor(value) && !(value == 0 && std::signbit(value));
  return word(whole ? Json(static_cast<int64_t>(value)) : Json(value));
}

std::string fact_text(const History::Fact& fact) {
  // A real number stays real when it is read back, even where it is whole.
  if (const auto* real = std::get_if<double>(&fact)) return std::isfinite(*real) ? word(*real) : "null";
  if (const auto* integer = std::get_if<int64_t>(&fact)) return word(*integer);
  return word(std::get<std::string>(fact));
}

// {name: fact, .., "epochs": [{column: number, ..}, ..]}
class HistoryHandler : public nlohmann::json_sax<Json> {
 public:
  explicit HistoryHandler(const std::string& file) : file_(file) {}

  History take() {
    if (!has_epochs_) refuse_document();
    return std::move(history_);
  }

  bool start_object(size_t) override {
    enter();
    if (depth_ == 2) refuse_fact();
    if (depth_ > 3) refuse_number();
    if (depth_ == 3) history_.add({});
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(size_t) override {
    enter();
    if (depth_ == 1) refuse_document();
    if (depth_ > 3) refuse_number();
    if (depth_ == 3) refuse_epoch();
    if (key_ != kEpochs) refuse_fact();
    has_epochs_ = true;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool key(std::string& name) override {
    key_ = std::move(name);
    require(depth_ != 1 || names_.insert(key_).second, ErrorCode::corrupt_data, file_, ": ", in_quotes(key_),
            " occurs twice");
    return true;
  }
  bool string(std::string& value) override {
    if (depth_ == 3) refuse_number();
    fact(std::move(value));
    return true;
  }
  bool null() override { return real(kNoNumber); }
  bool boolean(bool value) override {
    if (depth_ == 3) refuse_number();
    fact(int64_t{value});
    return true;
  }
  bool number_integer(int64_t value) override {
    if (depth_ == 3) return real(static_cast<double>(value));
    fact(value);
    return true;
  }
  bool number_unsigned(uint64_t value) override {
    if (value > uint64_t{std::numeric_limits<int64_t>::max()}) return real(static_cast<double>(value));
    return number_integer(static_cast<int64_t>(value));
  }
  bool number_float(double value, const std::string&) override { return real(value); }
  bool binary(Json::binary_t&) override { refuse_document(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
    fail(ErrorCode::corrupt_data, file_, ": is not JSON at byte ", position);
  }

 private:
  void enter() {
    ++depth_;
    require(depth_ <= kMaxJsonDepth, ErrorCode::corrupt_data, file_, ": is nested deeper than ", kMaxJsonDepth);
  }
  bool real(double value) {
    if (depth_ != 3) {
      fact(value);
      return true;
    }
    history_.put(key_, value);
    require(history_.columns().size() <= kMostNumbers / history_.epochs(), ErrorCode::corrupt_data, file_, ": ",
            history_.epochs(), " epochs of ", history_.columns().size(), " columns are more numbers than the limit of ",
            kMostNumbers);
    return true;
  }
  void fact(History::Fact value) {
    if (depth_ == 2) refuse_epoch();
    if (depth_ == 0 || key_ == kEpochs) refuse_document();
    history_.set(key_, std::move(value));
  }
  [[noreturn]] void refuse_document() {
    fail(ErrorCode::corrupt_data, file_, ": is not a history: an object with a list \"epochs\" was expected");
  }
  [[noreturn]] void refuse_fact() {
    if (key_ == kEpochs) refuse_document();
    fail(ErrorCode::corrupt_data, file_, ": ", in_quotes(key_), " is neither a number nor a string");
  }
  [[noreturn]] void refuse_epoch() {
    fail(ErrorCode::corrupt_data, file_, ": epoch ", history_.epochs(), " is not an object");
  }
  [[noreturn]] void refuse_number() {
    fail(ErrorCode::corrupt_data, file_, ": epoch ", history_.epochs() - 1, ": ", in_quotes(key_), " is not a number");
  }

  const std::string& file_;
  History history_;
  int depth_ = 0;
  bool has_epochs_ = false;
  std::string key_;
  std::set<std::string> names_;
};

}  // namespace

std::string to_json(const History& history) {
  std::string out = "{";
  for (const auto& [name, value] : history.facts()) out += text("\n  ", word(name), ": ", fact_text(value), ",");
  out += text("\n  \"", kEpochs, "\": [");
  for (size_t row = 0; row < history.epochs(); ++row) {
    out += row ? ",\n    {" : "\n    {";
    bool first = true;
    for (const std::string& column : history.columns()) {
      out += text(first ? "\n      " : ",\n      ", word(column), ": ", number(history[column][row]));
      first = false;
    }
    out += history.columns().empty() ? "}" : "\n    }";
  }
  return out + (history.epochs() ? "\n  ]\n}\n" : "]\n}\n");
}

History history_from_json(const std::string& json, const std::string& name) {
  require_no_nul(json, name);
  HistoryHandler handler(name);
  Json::sax_parse(json.begin(), json.end(), &handler);
  return handler.take();
}

}  // namespace lemnos::io
