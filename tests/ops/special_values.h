#pragma once

#include "check/case.h"

namespace lemnos::check {

/// Fills in what special values may do to the case's op, where that is not what the reference does.
void except_special_values(Case& c);

}  // namespace lemnos::check
