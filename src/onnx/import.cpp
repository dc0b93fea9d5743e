#include "onnx/import.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "lemnos/ops.h"
#include "lemnos/session.h"

namespace lemnos::onnx {

namespace {

std::vector<float> floats_in(const Tensor& tensor) { return {tensor.values.begin(), tensor.values.end()}; }

int32_t clamped(double number) {
  return static_cast<int32_t>(std::isnan(number) ? 0.0
                                                 : std::clamp(number, double{std::numeric_limits<int32_t>::min()},
                                                              double{std::numeric_limits<int32_t>::max()}));
}

Value constant_of(Graph& graph, const Tensor& tensor) {
  if (tensor.is_floating()) return graph.constant(tensor.shape, floats_in(tensor));
  std::vector<int32_t> numbers;
  for (double number : tensor.values) numbers.push_back(clamped(number));
  return graph.constant({tensor.shape, DType::i32}, std::as_bytes(std::span(numbers)));
}

nn::Scope in_f32(nn::Scope scope) {
  scope.compute = DType::f32;
  return scope;
}

}  // namespace

Importer::Importer(const ModelMessage& model, const nn::Scope& scope) : model_(model), scope_(in_f32(scope)) {
  for (const auto& [domain, version] : model.versions)
    if (is_default_domain(domain)) version_ = version;
  for (const Tensor& tensor : model.graph.initializers) {
    Held& h = held_[tensor.name];
    h.numbers =
        std::shared_ptr<const Tensor>(std::shared_ptr<const void>(), &tensor);  // of the model, which outlives this
    h.is_initializer = true;
  }
}

Importer::Held& Importer::held(const std::string& name) {
  const auto found = held_.find(name);
  require(found != held_.end(), ErrorCode::corrupt_data, "nothing is named '", name, "' where it is used");
  return found->second;
}

bool Importer::is_parameter(const Held& h) {
  return h.is_initializer && h.numbers->is_floating() && h.numbers->shape.rank() >= 1;
}

bool Importer::is_known(const std::string& name) {
  const Held& h = held(name);
  return (h.numbers || h.known) && !is_parameter(h);
}

Value Importer::value(const std::string& name, bool known) {
  Held& h = held(name);
  Value& wanted = known ? h.known : h.value;
  if (wanted) return wanted;
  if (!known && is_parameter(h)) {
    const Tensor& tensor = *h.numbers;
    return wanted = scope_.parameter(name, tensor.shape, [&](uint64_t, uint64_t) { return floats_in(tensor); });
  }
  return wanted = constant_of(known ? known_ : scope_.graph(), numbers(name));
}

const Tensor& Importer::numbers(const std::string& name) {
  Held& h = held(name);
  if (!h.numbers) {
    require(static_cast<bool>(h.known), ErrorCode::unsupported, "'", name,
            "' is computed from the inputs, where it must be known in advance");
    Tensor made{.name = name, .dtype = is_floating(h.known.dtype()) ? "F32" : "I64", .shape = h.known.shape()};
    const std::vector<float> values =
        eval(Device::cpu(), is_floating(h.known.dtype()) ? identity(h.known) : cast(h.known, DType::f32));
    made.values.assign(values.begin(), values.end());
    h.numbers = std::make_shared<const Tensor>(std::move(made));
  }
  require(h.numbers->readable, ErrorCode::unsupported, "the tensor '", name, "' of ", h.numbers->dtype,
          " is not read: elements of that type, or in another file, or more than ", Shape::kMaxRank, " axes");
  return *h.numbers;
}

Value Importer::statistic(const std::string& name) {
  const Tensor& tensor = numbers(name);
  const std::vector<float> values = floats_in(tensor);
  const std::string full = scope_.prefix().empty() ? name : scope_.prefix() + '.' + name;
  if (const Value found = scope_.graph().find(full)) return found;
  return scope_.graph().variable(full, {tensor.shape}, std::as_bytes(std::span(values)), Purpose::statistic);
}

void Importer::run() {
  for (const NodeMessage& node : model_.graph.nodes) {
    try {
      run_node(node);
    } catch (const Error& e) {
      throw Error(e.code(), text("onnx: node '", node.name, "' (", node.op, "): ", e.what()), e.where());
    }
  }
}

void Importer::run_node(const NodeMessage& node) {
  const auto is_there = [](const std::string& name) { return !name.empty(); };
  const bool known =
      node.op == "Shape" || node.op == "Size" ||
      std::ranges::all_of(node.inputs, [&](const std::string& name) { return !is_there(name) || is_known(name); });
  ImportCall call(*this, node, known);
  const std::vector<Value> made = import_table().find(node.op)->second(call);
  call.require_all_read();
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (!is_there(node.outputs[i])) continue;
    require(i < made.size() && made[i], ErrorCode::unsupported, "its output ", i, " is not made here");
    Held& h = held_[node.outputs[i]];
    require(!h.value && !h.known && !h.numbers, ErrorCode::corrupt_data, "'", node.outputs[i], "' is made twice");
    (known ? h.known : h.value) = made[i];
  }
}

// A node
// ---------------------------------------------------------------------------------------------------------------

const std::string& ImportCall::name(size_t input) {
  require(has(input), ErrorCode::corrupt_data, "input ", input, " is missing");
  return node_.inputs[input];
}
Value ImportCall::real(size_t input) {
  const Value x = (*this)[input];
  return x.dtype() == DType::f32 ? x : cast(x, DType::f32);
}
Value ImportCall::whole(size_t input) {
  const Value x = (*this)[input];
  return x.dtype() == DType::i32 ? x : cast(x, DType::i32);
}
std::vector<Value> ImportCall::all() {
  std::vector<Value> values;
  for (size_t i = 0; i < count(); ++i) values.push_back((*this)[i]);
  return values;
}
Axes ImportCall::list(size_t input) {
  Axes numbers;
  // "to the end" is the largest i64, which no double is.
  for (double number : tensor(input).values)
    numbers.push_back(static_cast<int64_t>(std::isnan(number) ? 0 : std::clamp(number, -0x1p62, 0x1p62)));
  return numbers;
}
double ImportCall::number(size_t input, double otherwise) {
  if (!has(input)) return otherwise;
  const Tensor& t = tensor(input);
  require(t.values.size() == 1, ErrorCode::corrupt_data, "input ", input, " has ", t.values.size(),
          " elements, it takes 1");
  return t.values[0];
}

const Attribute* ImportCall::find(const char* attribute) {
  read_.insert(attribute);
  const auto found = node_.attributes.find(attribute);
  return found == node_.attributes.end() ? nullptr : &found->second;
}
int64_t ImportCall::integer(const char* attribute, int64_t otherwise) {
  const Attribute* found = find(attribute);
  return found ? found->integer : otherwise;
}
float ImportCall::real(const char* attribute, float otherwise) {
  const Attribute* found = find(attribute);
  return found ? found->real : otherwise;
}
std::string ImportCall::word(const char* attribute, const std::string& otherwise) {
  const Attribute* found = find(attribute);
  return found ? found->text : otherwise;
}
Axes ImportCall::list(const char* attribute, Axes otherwise) {
  const Attribute* found = find(attribute);
  if (found) return found->integers;
  return otherwise;
}
std::vector<std::string> ImportCall::words(const char* attribute) {
  const Attribute* found = find(attribute);
  return found ? found->texts : std::vector<std::string>();
}
Axes ImportCall::list(size_t input, const char* attribute, Axes otherwise) {
  if (has(attribute)) return list(attribute, Axes());
  return has(input) ? list(input) : std::move(otherwise);
}

void ImportCall::require_all_read() const {
  for (const auto& [name, attribute] : node_.attributes)
    require(read_.contains(name), ErrorCode::unsupported, "its attribute '", name, "' has no counterpart");
}

void ImportCall::refuse(const std::string& why) const { fail(ErrorCode::unsupported, why); }

Axes dims_of(Value x) { return {x.shape().begin(), x.shape().end()}; }

Value constant_list(Graph& graph, const Axes& numbers) {
  std::vector<int32_t> whole;
  for (int64_t number : numbers) whole.push_back(clamped(static_cast<double>(number)));
  return graph.constant({{static_cast<int64_t>(whole.size())}, DType::i32}, std::as_bytes(std::span(whole)));
}

Value like(Value x, double number) { return full(x.graph(), {}, static_cast<float>(number), x.dtype()); }

int64_t front_axis(const ImportCall& c, int64_t axis, size_t rank) {
  const auto axes = static_cast<int64_t>(rank);
  require(axis >= -axes && axis < axes, ErrorCode::out_of_range, c.op(), ": axis ", axis, " of ", axes);
  return axis < 0 ? axis + axes : axis;
}

const ImportTable& import_table() {
  static const ImportTable table = [] {
    ImportTable made;
    add_import_elements(made);
    add_import_moves(made);
    add_import_layers(made);
    add_import_recurrent(made);
    return made;
  }();
  return table;
}

}  // namespace lemnos::onnx
