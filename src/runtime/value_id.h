// Values that are handed to a session or a program, checked: an id alone means something in every graph.
#pragma once

#include <memory>

#include "base/text.h"
#include "plan/plan.h"

namespace lemnos {

/// The id of a value of the graph with this identity. Throws `invalid_argument` for an empty value and for one of
/// another graph.
inline int id_in(const std::shared_ptr<const void>& identity, Value value, const char* who) {
  require(static_cast<bool>(value), ErrorCode::invalid_argument, who, ": the value is empty");
  require(value.graph().identity() == identity, ErrorCode::invalid_argument, who, ": value %", value.id(), ' ',
          value.desc(), " belongs to another graph");
  return value.id();
}

/// The id of a value of any graph on this state.
inline int id_on(const std::shared_ptr<ModelState>& state, Value value, const char* who) {
  require(static_cast<bool>(value), ErrorCode::invalid_argument, who, ": the value is empty");
  require(value.graph().state() == state, ErrorCode::invalid_argument, who, ": value %", value.id(), ' ', value.desc(),
          " belongs to another graph");
  return value.id();
}

/// Where part of a value lies that outlives a step. Throws `not_found` for an activation, unless its graph's memory
/// holds it (`shared`), `out_of_range` for bytes that it does not have.
Location location_on(const std::shared_ptr<ModelState>& state, Value value, size_t bytes, size_t offset,
                     const char* who, bool shared = false);

}  // namespace lemnos
