// Every case of every op (generated from the words of src/ops/CMakeLists.txt).
#pragma once

#include <vector>

#include "check/case.h"

namespace lemnos::check {
std::vector<Case> all_cases();
}
