// Public functions that are composed of ops, by the names of composition_table.py.
#pragma once

#include <string>
#include <vector>

#include "lemnos/graph.h"

namespace lemnos::golden {

/// "No value" where `name` is none of them.
Value composed(const std::string& name, const std::vector<Value>& in, const Attrs& attrs);

}  // namespace lemnos::golden
