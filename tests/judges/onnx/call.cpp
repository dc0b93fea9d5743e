#include "judges/onnx/call.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "base/text.h"
#include "judges/judge.h"

namespace lemnos::judges::onnx {

namespace {

DType dtype_for(const Array& array) {
  if (array.dtype == "F64") {
    const bool holds = std::ranges::none_of(array.values, [](double number) {
      return std::isfinite(number) && std::abs(number) > static_cast<double>(std::numeric_limits<float>::max());
    });
    express_if(holds, "a number past f32");
  }
  if (array.dtype == "F32" || array.dtype == "F64") return DType::f32;
  if (array.dtype == "F16") return DType::f16;
  if (array.dtype == "BF16") return DType::bf16;
  const bool fits = std::ranges::all_of(array.values, [](double number) {
    return number >= std::numeric_limits<int32_t>::min() && number <= std::numeric_limits<int32_t>::max();
  });
  express_if(fits, "an integer past i32");
  return DType::i32;
}

}  // namespace

void Scope::add(const std::string& name, NamedArray array, bool is_input) {
  if (!array.readable) {
    add_unreadable(name, array.array.dtype == "STRING" ? "strings" : "a tensor of " + lower_case(array.array.dtype));
    return;
  }
  Held& held = values_[name] = {};
  held.type = array.array.dtype;
  held.is_input = is_input;
  held.numbers = std::make_shared<const Array>(std::move(array.array));
}
void Scope::add_constant(const std::string& name, NamedArray array) { add(name, std::move(array), false); }
void Scope::add_input(const std::string& name, NamedArray array) { add(name, std::move(array), true); }
void Scope::add_unreadable(const std::string& name, const std::string& reason) {
  values_[name] = {};
  values_[name].unreadable = reason;
}

void Scope::add_value(const std::string& name, Value value, const std::string& type) {
  Held& held = values_[name];
  if (!(held.value == value)) held = {};  // a constant keeps its numbers
  held.value = value;
  held.type = !type.empty() ? type : value.dtype() == DType::i32 ? "I64" : word_of(value.dtype());
}

Scope::Held& Scope::held(const std::string& name) {
  const auto found = values_.find(name);
  require(found != values_.end(), ErrorCode::corrupt_data, "onnx: a node reads '", name, "', which nothing makes");
  if (!found->second.unreadable.empty()) unexpressed(found->second.unreadable);
  return found->second;
}

Value Scope::value(const std::string& name) {
  Held& h = held(name);
  if (h.value) return h.value;
  const DType dtype = dtype_for(*h.numbers);
  const TensorDesc desc{h.numbers->shape, dtype};
  if (h.is_input) {
    arrays_.set(name, *h.numbers);
    h.value = inputs_[name] = graph_.input(name, desc);
  } else {
    h.value = graph_.constant(desc, bytes_of(dtype, h.numbers->values));
  }
  return h.value;
}

const Array& Scope::numbers(const std::string& name) {
  Held& h = held(name);
  if (!h.numbers) h.numbers = std::make_shared<const Array>(computed(device_, inputs_, arrays_, {h.value}).at(0));
  return *h.numbers;
}

bool Call::has(int input) const { return input < count() && !node_.inputs[static_cast<size_t>(input)].empty(); }

const std::string& Call::name(int input) {
  require(has(input), ErrorCode::corrupt_data, "onnx: ", op(), " has no input ", input);
  inputs_read_.insert(input);
  return node_.inputs[static_cast<size_t>(input)];
}

Value Call::operator[](int input) { return scope_.value(name(input)); }
std::vector<Value> Call::all() {
  std::vector<Value> values;
  for (int i = 0; i < count(); ++i) values.push_back((*this)[i]);
  return values;
}
Value Call::real(int input) { return as_real((*this)[input]); }
Value Call::whole(int input) { return as_whole((*this)[input]); }
const std::string& Call::type(int input) { return scope_.type(name(input)); }
const Array& Call::array(int input) { return scope_.numbers(name(input)); }

Axes Call::list(int input) {
  Axes numbers;
  // "to the end" is the largest i64, which no double is.
  for (double number : array(input).values)
    numbers.push_back(static_cast<int64_t>(std::isnan(number) ? 0 : std::clamp(number, -0x1p62, 0x1p62)));
  return numbers;
}

double Call::number(int input) {
  const Array& a = array(input);
  require(a.values.size() == 1, ErrorCode::corrupt_data, "onnx: input ", input, " of ", op(), " is no single number");
  return a.values[0];
}

const Attribute* Call::find(const char* attribute) {
  read_.insert(attribute);
  const auto found = node_.attributes.find(attribute);
  return found == node_.attributes.end() ? nullptr : &found->second;
}

bool Call::has(const char* attribute) { return find(attribute) != nullptr; }
int64_t Call::integer(const char* attribute, int64_t otherwise) {
  const Attribute* found = find(attribute);
  return found ? found->integer : otherwise;
}
int64_t Call::integer(const char* attribute) {
  require(has(attribute), ErrorCode::corrupt_data, "onnx: ", op(), " has no attribute ", attribute);
  return integer(attribute, 0);
}
float Call::real(const char* attribute, float otherwise) {
  const Attribute* found = find(attribute);
  return found ? found->real : otherwise;
}
std::string Call::word(const char* attribute, const std::string& otherwise) {
  const Attribute* found = find(attribute);
  return found ? found->text : otherwise;
}
Axes Call::list(const char* attribute, Axes otherwise) {
  const Attribute* found = find(attribute);
  return found ? found->integers : std::move(otherwise);
}
std::vector<float> Call::reals(const char* attribute) {
  const Attribute* found = find(attribute);
  return found ? found->reals : std::vector<float>();
}
std::vector<std::string> Call::words(const char* attribute) {
  const Attribute* found = find(attribute);
  return found ? found->texts : std::vector<std::string>();
}
NamedArray Call::tensor(const char* attribute) {
  const Attribute* found = find(attribute);
  require(found && found->tensor, ErrorCode::corrupt_data, "onnx: ", op(), " has no tensor ", attribute);
  express_if(found->tensor->readable, "a tensor of " + lower_case(found->tensor->dtype));
  return *found->tensor;
}

Axes Call::list(int input, const char* attribute, Axes otherwise) {
  if (has(attribute)) return list(attribute, {});
  return has(input) ? list(input) : std::move(otherwise);
}

bool Call::wants(int result) const { return result < results() && !node_.outputs[static_cast<size_t>(result)].empty(); }

void Call::require_all_read() const {
  for (int i = 0; i < count(); ++i)
    express_if(!has(i) || inputs_read_.contains(i), text("input ", i, " of ", op(), " has no counterpart"));
  for (const auto& [name, attribute] : node_.attributes)
    express_if(read_.contains(name), "attribute " + name + " of " + op() + " has no counterpart");
}

Value as_real(Value x) { return x.dtype() == DType::f32 ? x : cast(x, DType::f32); }
Value as_whole(Value x) { return x.dtype() == DType::i32 ? x : cast(x, DType::i32); }

Value like(Value x, double number) { return full(x.graph(), {}, static_cast<float>(number), x.dtype()); }

Value with_rank(Value x, size_t rank) {
  Axes dims = dims_of(x);
  dims.insert(dims.begin(), rank - dims.size(), 1);
  return reshape(x, dims);
}

}  // namespace lemnos::judges::onnx
