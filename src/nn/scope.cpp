#include "base/hash.h"
#include "base/text.h"
#include "lemnos/nn.h"

namespace lemnos::nn {

namespace {

/// The value of that name, or empty; refused if it is not what a layer expects.
Value known(Graph& graph, const std::string& name, Role role, const Shape& shape) {
  const Value found = graph.find(name);
  if (!found) return found;
  const Role is = graph.info(found).role;
  require(is == role, ErrorCode::invalid_argument, to_string(role), " '", name, "': the graph has the ", to_string(is),
          " '", name, "' ", found.desc(), " already; give one of them another name");
  require(found.shape() == shape, ErrorCode::shape_mismatch, to_string(role), " '", name, "' has shape ", found.shape(),
          ", this use of it needs ", shape);
  return found;
}

}  // namespace

Scope Scope::nested(const std::string& name) const {
  Scope inner = *this;
  inner.prefix_ = prefix_.empty() ? name : prefix_ + "." + name;
  return inner;
}

Scope Scope::detached() const {
  Scope inner = *this;
  inner.detached_ = true;
  return inner;
}

Value Scope::counted_rows(Value x) const {
  if (!counted.rows) return {};
  const int64_t rows = x.shape()[0], each = rows / counted.of;
  require(rows % counted.of == 0, ErrorCode::invalid_argument, prefix_, ": x ", x.desc(), " has ", rows,
          " rows for a batch of ", counted.of,
          ", so nobody knows which of them are padding; drop the last batch (drop_last), or set Scope::counted");
  return each == 1 ? counted.rows : cast(cast(counted.rows, DType::f32) * static_cast<float>(each), DType::u32);
}

Value Scope::used(Value parameter) const { return computed(detached_ ? stop_gradient(parameter) : parameter); }

Value Scope::parameter(const std::string& name, const Shape& shape, const Init& init, int64_t fan_in) const {
  return parameter(name, shape,
                   [&](uint64_t seed, uint64_t stream) { return initial_values(init, shape, seed, stream, fan_in); });
}

Value Scope::parameter(const std::string& name, const Shape& shape,
                       const std::function<std::vector<float>(uint64_t, uint64_t)>& make) const {
  const std::string full = prefix_.empty() ? name : prefix_ + "." + name;
  if (const Value shared = known(*graph_, full, Role::parameter, shape)) return used(shared);
  // The stream is the name's, so a layer added later does not change what the others start from.
  return used(graph_->parameter(full, shape, make(seed_, Hash().add(full).value())));
}

Value Scope::variable(const std::string& name, const Shape& shape, float value) const {
  const std::string full = prefix_.empty() ? name : prefix_ + "." + name;
  if (const Value shared = known(*graph_, full, Role::variable, shape)) return shared;
  const std::vector<float> initial(static_cast<size_t>(shape.elements()), value);
  return graph_->variable(full, {shape, DType::f32}, std::as_bytes(std::span(initial)));
}

}  // namespace lemnos::nn
