// Every op of this build. Generated from the words in CMakeLists.txt.
#pragma once

#include <string_view>
#include <vector>

#include "lemnos/op.h"

namespace lemnos {

std::vector<const OpDef*> all_ops();
/// Throws `not_found` with the names that come closest.
const OpDef& find_op(std::string_view name);

}  // namespace lemnos
