// Tensors one after the other along an axis.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct ConcatAttrs {
  int64_t axis = 0;

  void visit(auto&& f) { f("axis", axis); }
};

namespace reference {
void concat(const Reference& c);
}  // namespace reference

}  // namespace lemnos
