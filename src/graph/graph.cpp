#include "lemnos/graph.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "base/text.h"
#include "graph/edit.h"
#include "graph/initial.h"
#include "lemnos/op.h"

namespace lemnos {

const char* to_string(Role role) {
  constexpr const char* kNames[] = {"activation", "input", "constant", "variable", "parameter", "gradient", "slot"};
  return kNames[static_cast<size_t>(role)];
}

Value Graph::add_value(ValueInfo info) {
  const int id = static_cast<int>(values_.size());
  if (!info.name.empty() && info.role != Role::activation) by_name_.emplace(info.name, id);
  values_.push_back(std::move(info));
  return {this, id};
}

Value Graph::add_entry(int id) {
  const StateEntry& entry = state_->entry(id);
  const bool flat = entry.arena.kind != ArenaKind::variable;
  const Role role = entry.arena.kind == ArenaKind::parameters ? Role::parameter
                    : entry.arena.kind == ArenaKind::slot     ? Role::slot
                                                              : Role::variable;
  return add_value({.desc = entry.desc,
                    .role = role,
                    .name = entry.name,
                    .offset = flat ? entry.offset : 0,
                    .slot = role == Role::slot ? entry.arena.index : -1,
                    .entry = id});
}

int Graph::known_entry(const std::string& name, const TensorDesc& desc, Purpose purpose) const {
  require(!by_name_.contains(name), ErrorCode::invalid_argument, "graph: the name '", name, "' is taken");
  const int known = state_->find(name);
  if (known < 0) return known;
  const StateEntry& entry = state_->entry(known);
  require(entry.desc == desc && entry.purpose == purpose, ErrorCode::shape_mismatch, to_string(purpose), " '", name,
          "': ", desc, " requested, the state has the ", to_string(entry.purpose), ' ', entry.desc);
  return known;
}

const TensorDesc& Value::desc() const {
  require(graph_, ErrorCode::invalid_argument, "value: a default-constructed Value is empty and has no shape");
  return graph_->info(id_).desc;
}
const std::string& Value::name() const {
  require(graph_, ErrorCode::invalid_argument, "value: a default-constructed Value is empty and has no name");
  return graph_->info(id_).name;
}

// The state may have taken an entry back (ModelState::rollback).
bool Graph::is_alive(const ValueInfo& info) const { return info.entry < 0 || state_->entries().contains(info.entry); }

Value Graph::find(std::string_view name) {
  const auto found = by_name_.find(std::string(name));
  if (found != by_name_.end() && is_alive(info(found->second))) return {this, found->second};
  if (found != by_name_.end()) by_name_.erase(found);
  const int entry = state_->find(name);
  return entry < 0 ? Value() : add_entry(entry);
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

Value Graph::variable(std::string name, TensorDesc desc, std::span<const std::byte> initial, Purpose purpose) {
  require(
      !is_saved(purpose) || purpose == Purpose::statistic || purpose == Purpose::step || purpose == Purpose::optimizer,
      ErrorCode::invalid_argument, "variable '", name, "': its purpose cannot be ", to_string(purpose));
  if (is_saved(purpose)) {
    const int known = known_entry(name, desc, purpose);
    return add_entry(known >= 0 ? known : state_->add_variable(std::move(name), desc, purpose, initial));
  }
  require(!find(name), ErrorCode::invalid_argument, "graph: the name '", name, "' is taken");
  require(initial.empty() || initial.size() == desc.bytes(), ErrorCode::shape_mismatch, "variable '", name,
          "': ", initial.size(), " bytes for ", desc, ", which takes ", desc.bytes());
  return add_value({.desc = desc, .role = Role::variable, .name = std::move(name), .initial = shared_bytes(initial)});
}

Value Graph::parameter(std::string name, const Shape& shape, std::span<const float> initial) {
  const int known = known_entry(name, {shape, DType::f32}, Purpose::parameter);
  return add_entry(known >= 0 ? known : state_->add_parameter(std::move(name), shape, initial));
}

// The value of one arena as a whole, or of a part of it, after the updates so far. It is no node's output but depends
// on the node of the last update.
Value Graph::newest(Value v) {
  const ValueInfo info = this->info(v);
  const auto found = newest_.find(arena_of(v.id()));
  if (found == newest_.end()) return v;
  const ValueInfo& last = this->info(found->second);
  if (last.version <= info.version) return v;
  if (last.desc == info.desc && last.offset == info.offset) return {this, found->second};
  return add_value({.desc = info.desc,
                    .role = info.role,
                    .name = info.name,
                    .producer = last.producer,
                    .alias = found->second,
                    .offset = info.offset,
                    .slot = info.slot,
                    .entry = info.entry,
                    .version = last.version});
}

Value Graph::flat(int& base, Role role, const char* name) {
  if (base < 0) {
    state_->fix_parameters("the flat arena was requested");
    base = add_value({.desc = state_->flat(), .role = role, .name = name}).id();
  }
  return newest({this, base});
}

Value Graph::flat_parameters() { return flat(flat_parameters_, Role::parameter, "parameters"); }
Value Graph::flat_gradients() { return flat(flat_gradients_, Role::gradient, "gradients"); }

Value Graph::slot(std::string name, float initial) {
  if (const auto known = by_name_.find(name); known != by_name_.end()) return newest({this, known->second});
  const int entry = state_->find(name);
  require(entry < 0 || state_->entry(entry).arena.kind == ArenaKind::slot, ErrorCode::invalid_argument,
          "slot: the name '", name, "' is taken by a ", to_string(state_->entry(std::max(entry, 0)).purpose));
  return add_entry(entry >= 0 ? entry : state_->add_slot(std::move(name), initial));
}

void Graph::share_memory(int value, int source) {
  ValueInfo& info = values_[static_cast<size_t>(value)];
  const ValueInfo& from = this->info(source);
  info.alias = source;
  info.role = from.role;
  info.offset = from.offset;
  info.slot = from.slot;
  info.entry = from.entry;
  info.version = from.version;
}

std::vector<Value> Graph::add_all(const OpDef& op, std::span<const Value> inputs, Attrs attrs) {
  Node node{.op = &op, .inputs = {}, .outputs = {}, .attrs = op.attrs.complete(op.name, attrs)};
  std::vector<TensorDesc> descs;
  for (const Value& value : inputs) {
    require(static_cast<bool>(value), ErrorCode::invalid_argument, op.name, ": input ", node.inputs.size(),
            " is empty");
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
  for (const Alias& alias : op.views) share_memory(node.outputs[alias.output], node.inputs[alias.input]);
  for (const Alias& alias : op.updates) {
    const int output = node.outputs[alias.output];
    share_memory(output, node.inputs[alias.input]);
    ++values_[static_cast<size_t>(output)].version;
    newest_[arena_of(output)] = output;
  }
  nodes_.push_back(std::move(node));
  return values;
}

Value Graph::add(const OpDef& op, std::initializer_list<Value> inputs, Attrs attrs) {
  const std::vector<Value> outputs = add_all(op, std::span(inputs.begin(), inputs.size()), std::move(attrs));
  require(outputs.size() == 1, ErrorCode::internal, op.name, ": ", outputs.size(), " outputs where one was expected");
  return outputs[0];
}

std::vector<Value> Graph::parameters() const { return bases(Role::parameter); }
std::vector<Value> Graph::variables() const { return bases(Role::variable); }

std::vector<Value> Graph::bases(Role role) const {
  std::vector<Value> found;
  for (size_t i = 0; i < values_.size(); ++i)
    if (values_[i].role == role && values_[i].alias < 0 && static_cast<int>(i) != flat_parameters_ &&
        is_alive(values_[i]))
      found.push_back({const_cast<Graph*>(this), static_cast<int>(i)});
  return found;
}

int Graph::storage_of(int id) const {
  while (info(id).alias >= 0) id = info(id).alias;
  return id;
}

ArenaId Graph::arena_of(int id) const {
  const ValueInfo& value = info(id);
  switch (value.role) {
    case Role::parameter: return {ArenaKind::parameters, 0};
    case Role::gradient: return {ArenaKind::gradients, 0};
    case Role::slot: return {ArenaKind::slot, value.slot};
    case Role::activation: return {ArenaKind::activations, storage_of(id)};
    default: break;
  }
  if (value.entry >= 0) return {ArenaKind::variable, value.entry};
  return {ArenaKind::local, storage_of(id)};
}

uint32_t Graph::stream(std::string_view name) {
  const uint64_t key = Hash().add(name).add(std::to_string(streams_[std::string(name)]++)).value();
  return static_cast<uint32_t>(key ^ key >> 32);
}

}  // namespace lemnos
