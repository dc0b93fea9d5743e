#include "judges/args.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "base/text.h"
#include "lemnos/ops.h"

namespace lemnos::judges {

namespace {

bool is_tensor_entry(const Json& json) { return json.is_object() && json.contains("tensor"); }

double number_of(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (json.is_boolean()) return json.get<bool>() ? 1 : 0;
  const std::string word = json.is_string() ? json.get<std::string>() : std::string();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (word == "inf") return kInfinity;
  if (word == "-inf") return -kInfinity;
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  unexpressed("an argument is no number: " + json.dump());
}

DType dtype_of(const Array& array) {
  static const std::map<std::string, DType> known = {
      {"F32", DType::f32}, {"I64", DType::i32}, {"I32", DType::i32}, {"U8", DType::u8}, {"BOOL", DType::boolean}};
  const auto found = known.find(array.dtype);
  express_if(found != known.end(), "a tensor of type " + array.dtype);
  const bool holds = array.dtype != "I64" || std::ranges::all_of(array.values, [](double number) {
                       return std::abs(number) <= static_cast<double>(std::numeric_limits<int32_t>::max());
                     });
  express_if(holds, "i64 input past i32");
  return found->second;
}

}  // namespace

Args::Args(Graph& graph, const Json& call, const Arrays& arrays, DType dtype)
    : graph_(graph), call_(call), arrays_(arrays), dtype_(dtype) {}

const Json* Args::find(Where where) {
  const Json& args = call_.at("args");
  if (where.position < args.size()) {
    positions_read_.insert(where.position);
    const Json& found = args[where.position];
    return found.is_null() ? nullptr : &found;
  }
  const Json& kwargs = call_.at("kwargs");
  names_read_.insert(where.name);
  const auto found = kwargs.find(where.name);
  return found == kwargs.end() || found->is_null() ? nullptr : &*found;
}

const Json& Args::json(Where where) {
  const Json* found = find(where);
  require(found != nullptr, ErrorCode::not_found, "the call has no argument ",
          where.position == Where::kNowhere ? std::string() : text(where.position, ' '), where.name);
  return *found;
}

bool Args::is_tensor(Where where) {
  const Json* found = find(where);
  return found && is_tensor_entry(*found);
}

Value Args::input(const Json& json) {
  express_if(is_tensor_entry(json), "a number where the API takes a tensor");
  const auto name = json.at("tensor").get<std::string>();
  const auto known = read_.find(name);
  if (known != read_.end()) return known->second;
  const Array& array = arrays_.at(name);
  express_if(array.shape.rank() <= Shape::kMaxRank, "more than 8 axes");
  const Value given = inputs_[name] = graph_.input(name, {array.shape, dtype_of(array)});
  return read_[name] = given.dtype() == DType::f32 && dtype_ != DType::f32 ? cast(given, dtype_) : given;
}

Value Args::tensor(Where where) { return input(json(where)); }

Value Args::tensor_or_none(Where where) { return has(where) ? tensor(where) : Value(); }

Value Args::real(Where where) {
  const Json& found = json(where);
  const Value value = is_tensor_entry(found) ? input(found) : graph_.scalar(static_cast<float>(number_of(found)));
  return value.dtype() == dtype_ ? value : cast(value, dtype_);
}

std::vector<Value> Args::tensors(Where where) {
  std::vector<Value> values;
  for (const Json& item : json(where)) values.push_back(input(item));
  return values;
}

const Array& Args::array(Where where) { return arrays_.at(json(where).at("tensor").get<std::string>()); }

double Args::number(Where where) {
  const Json& found = json(where);
  if (!is_tensor_entry(found)) return number_of(found);
  const Array& array = arrays_.at(found.at("tensor").get<std::string>());
  express_if(array.values.size() == 1, "a tensor where the API takes a number");
  return array.values[0];
}

bool Args::flag(Where where, bool otherwise) { return has(where) ? number(where) != 0 : otherwise; }

std::string Args::word(Where where, const std::string& otherwise) {
  const Json* found = find(where);
  if (!found) return otherwise;
  express_if(found->is_string(), "an argument is no word: " + found->dump());
  return found->get<std::string>();
}

std::vector<int64_t> Args::list(Where where) {
  const Json& found = json(where);
  std::vector<int64_t> numbers;
  if (!found.is_array()) return {integer(where)};
  for (const Json& item : found) numbers.push_back(item.is_null() ? -1 : static_cast<int64_t>(number_of(item)));
  return numbers;
}

std::vector<int64_t> Args::extents(Where where, size_t count, int64_t otherwise) {
  std::vector<int64_t> numbers = list(where, {otherwise});
  if (numbers.empty()) numbers = {otherwise};
  if (numbers.size() == 1) numbers.assign(count, numbers[0]);
  express_if(numbers.size() == count, text(numbers.size(), " extents for ", count, " axes"));
  return numbers;
}

void Args::require_all_read() const {
  for (size_t i = 0; i < call_.at("args").size(); ++i)
    express_if(positions_read_.contains(i) || call_.at("args")[i].is_null(),
               text("argument ", i, " has no counterpart"));
  for (const auto& [name, value] : call_.at("kwargs").items())
    express_if(names_read_.contains(name) || value.is_null(), "argument " + name + " has no counterpart");
}

}  // namespace lemnos::judges
