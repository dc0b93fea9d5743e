// Optimizer steps, in double: the definition that the shader is measured against.
#pragma once

#include "lemnos/op.h"

namespace lemnos::reference {

/// By the numbers of shaders/optimizer.h: which optimizer the op of this name is.
int optimizer_number(const char* op);

void optimizer(const Reference& c);

}  // namespace lemnos::reference
