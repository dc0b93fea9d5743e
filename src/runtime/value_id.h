// Values that are handed to a session or a program, checked: an id alone means something in every graph.
#pragma once

#include "base/text.h"
#include "lemnos/graph.h"

namespace lemnos {

/// The id of a value of `graph`. Throws `invalid_argument` for no value and for one of another graph.
inline int id_in(const Graph& graph, Value value, const char* who) {
  require(static_cast<bool>(value), ErrorCode::invalid_argument, who, ": is given no value");
  require(&value.graph() == &graph, ErrorCode::invalid_argument, who, ": value %", value.id(), ' ', value.desc(),
          " belongs to another graph");
  return value.id();
}

}  // namespace lemnos
