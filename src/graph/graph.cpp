#include "lemnos/graph.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "lemnos/op.h"

namespace lemnos {

const char* to_string(Role role) {
  constexpr const char* kNames[] = {"activation", "input", "constant", "variable", "parameter", "gradient", "slot"};
  return kNames[static_cast<size_t>(role)];
}

namespace {

std::shared_ptr<const std::vector<std::byte>> shared_bytes(std::span<const std::byte> bytes) {
  if (bytes.empty()) return nullptr;
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

Attrs::AttrValue default_of(const AttrDef& def) {
  switch (def.kind) {
    case AttrDef::Kind::integer: return static_cast<int64_t>(def.number);
    case AttrDef::Kind::real: return def.number;
    case AttrDef::Kind::integers: return std::vector<int64_t>{};
    case AttrDef::Kind::word: break;
  }
  return std::string(def.word);
}

// Checks what the caller gave against what the op declares, and completes it, in the order of the declaration: equal
// nodes then have equal attributes.
Attrs complete(const OpDef& op, const Attrs& given) {
  for (const Attrs::Entry& entry : given.entries()) {
    const auto known =
        std::ranges::find(op.attrs, entry.name, [](const AttrDef& d) { return std::string_view(d.name); });
    require(known != op.attrs.end(), ErrorCode::invalid_argument, op.name, ": no attribute '", entry.name, "'");
  }
  Attrs full;
  for (const AttrDef& def : op.attrs) {
    const Attrs::AttrValue* value = given.find(def.name);
    require(value || !def.required, ErrorCode::invalid_argument, op.name, ": attribute '", def.name, "' is missing");
    Attrs::AttrValue chosen = value ? *value : default_of(def);
    if (def.kind == AttrDef::Kind::real && std::holds_alternative<int64_t>(chosen))
      chosen = static_cast<double>(std::get<int64_t>(chosen));
    require(chosen.index() == static_cast<size_t>(def.kind), ErrorCode::invalid_argument, op.name, ": attribute '",
            def.name, "' has the wrong kind of value");
    full.set(def.name, std::move(chosen));
  }
  return full;
}

}  // namespace

Value Graph::add_value(ValueInfo info) {
  values_.push_back(std::move(info));
  return {this, static_cast<int>(values_.size()) - 1};
}

const TensorDesc& Value::desc() const {
  require(graph_, ErrorCode::invalid_argument, "value: a default-constructed Value is no value and has no shape");
  return graph_->info(id_).desc;
}
const std::string& Value::name() const {
  require(graph_, ErrorCode::invalid_argument, "value: a default-constructed Value is no value and has no name");
  return graph_->info(id_).name;
}

Value Graph::find(std::string_view name) const {
  for (size_t i = 0; i < values_.size(); ++i)
    if (values_[i].role != Role::activation && !name.empty() && values_[i].name == name)
      return {const_cast<Graph*>(this), static_cast<int>(i)};
  return {};
}

Value Graph::input(std::string name, TensorDesc desc) {
  require(!find(name), ErrorCode::invalid_argument, "graph: the name '", name, "' is taken");
  return add_value({.desc = desc, .role = Role::input, .name = std::move(name)});
}

Value Graph::constant(TensorDesc desc, std::span<const std::byte> bytes, std::string name) {
  require(bytes.size() == desc.bytes(), ErrorCode::shape_mismatch, "constant: ", bytes.size(), " bytes for ", desc,
          ", which takes ", desc.bytes());
  return add_value({.desc = desc, .role = Role::constant, .name = std::move(name), .initial = shared_bytes(bytes)});
}

Value Graph::constant(const Shape& shape, std::span<const float> values, std::string name) {
  return constant({shape, DType::f32}, std::as_bytes(values), std::move(name));
}

Value Graph::variable(std::string name, TensorDesc desc, std::span<const std::byte> initial) {
  require(!find(name), ErrorCode::invalid_argument, "graph: the name '", name, "' is taken");
  require(initial.empty() || initial.size() == desc.bytes(), ErrorCode::shape_mismatch, "variable '", name,
          "': ", initial.size(), " bytes for ", desc, ", which takes ", desc.bytes());
  return add_value({.desc = desc, .role = Role::variable, .name = std::move(name), .initial = shared_bytes(initial)});
}

Value Graph::parameter(std::string name, const Shape& shape, std::span<const float> initial) {
  require(!find(name), ErrorCode::invalid_argument, "graph: the name '", name, "' is taken");
  require(!parameters_fixed_, ErrorCode::invalid_argument, "parameter '", name,
          "': the flat arena was asked for already, so no parameter can be added");
  require(static_cast<int64_t>(initial.size()) == shape.elements(), ErrorCode::shape_mismatch, "parameter '", name,
          "': ", initial.size(), " initial values for shape ", shape);
  const int64_t offset = arena_elements_;
  arena_elements_ += (shape.elements() + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
  return add_value({.desc = {shape, DType::f32},
                    .role = Role::parameter,
                    .name = std::move(name),
                    .offset = offset,
                    .initial = shared_bytes(std::as_bytes(initial))});
}

Value Graph::flat_parameters() {
  if (flat_parameters_ < 0) {
    parameters_fixed_ = true;
    flat_parameters_ =
        add_value({.desc = {{arena_elements_}, DType::f32}, .role = Role::parameter, .name = "parameters"}).id();
  }
  return {this, flat_parameters_};
}

Value Graph::flat_gradients() {
  if (flat_gradients_ < 0) {
    parameters_fixed_ = true;
    flat_gradients_ =
        add_value({.desc = {{arena_elements_}, DType::f32}, .role = Role::gradient, .name = "gradients"}).id();
  }
  return {this, flat_gradients_};
}

Value Graph::slot(std::string name, float initial) {
  require(!find(name), ErrorCode::invalid_argument, "graph: the name '", name, "' is taken");
  parameters_fixed_ = true;
  const std::vector<float> fill(initial == 0 ? 0 : static_cast<size_t>(arena_elements_), initial);
  return add_value({.desc = {{arena_elements_}, DType::f32},
                    .role = Role::slot,
                    .name = std::move(name),
                    .slot = static_cast<int>(slots_++),
                    .initial = shared_bytes(std::as_bytes(std::span(fill)))});
}

void Graph::place_gradient(Value produced, Value parameter) {
  ValueInfo& info = values_[static_cast<size_t>(produced.id())];
  const ValueInfo& target = this->info(parameter);
  require(info.producer >= 0 && info.role == Role::activation && info.alias < 0, ErrorCode::internal,
          "place_gradient: '", target.name, "' needs a value that one node makes");
  require(info.desc == target.desc, ErrorCode::shape_mismatch, "place_gradient: gradient ", info.desc,
          " for parameter '", target.name, "' ", target.desc);
  info.role = Role::gradient;
  info.offset = target.offset;
  info.name = target.name + ".gradient";
}

std::vector<Value> Graph::add_all(const OpDef& op, std::span<const Value> inputs, Attrs attrs) {
  Node node{.op = &op, .inputs = {}, .outputs = {}, .attrs = complete(op, attrs)};
  std::vector<TensorDesc> descs;
  for (const Value& value : inputs) {
    require(static_cast<bool>(value), ErrorCode::invalid_argument, op.name, ": input ", node.inputs.size(),
            " is no value");
    require(&value.graph() == this, ErrorCode::invalid_argument, op.name, ": input ", node.inputs.size(),
            " belongs to another graph");
    node.inputs.push_back(value.id());
    descs.push_back(value.desc());
  }
  const std::vector<TensorDesc> outputs = op.infer({op, descs, node.attrs});
  std::vector<Value> values;
  for (const TensorDesc& desc : outputs) {
    values.push_back(add_value({.desc = desc, .producer = static_cast<int>(nodes_.size())}));
    node.outputs.push_back(values.back().id());
  }
  for (const std::span<const Alias> shared : {op.updates, op.views})
    for (const Alias& alias : shared) {
      const int source = node.inputs[alias.input];
      ValueInfo& info = values_[static_cast<size_t>(node.outputs[alias.output])];
      info.alias = source;
      info.role = this->info(source).role;
      info.offset = this->info(source).offset;
      info.slot = this->info(source).slot;
    }
  nodes_.push_back(std::move(node));
  return values;
}

Value Graph::add(const OpDef& op, std::initializer_list<Value> inputs, Attrs attrs) {
  const std::vector<Value> outputs = add_all(op, std::span(inputs.begin(), inputs.size()), std::move(attrs));
  require(outputs.size() == 1, ErrorCode::internal, op.name, ": ", outputs.size(), " outputs where one was expected");
  return outputs[0];
}

std::vector<Value> Graph::parameters() const {
  std::vector<Value> found;
  for (size_t i = 0; i < values_.size(); ++i)
    if (values_[i].role == Role::parameter && values_[i].producer < 0 && static_cast<int>(i) != flat_parameters_)
      found.push_back({const_cast<Graph*>(this), static_cast<int>(i)});
  return found;
}

std::vector<Value> Graph::variables() const {
  std::vector<Value> found;
  for (size_t i = 0; i < values_.size(); ++i)
    if (values_[i].role == Role::variable && values_[i].producer < 0)
      found.push_back({const_cast<Graph*>(this), static_cast<int>(i)});
  return found;
}

int Graph::storage_of(int id) const {
  while (info(id).alias >= 0) id = info(id).alias;
  return id;
}

}  // namespace lemnos
