// The index of the largest element along an axis.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct ArgmaxAttrs {
  int64_t axis = -1;
  bool keep = false;

  void visit(auto&& f) { f("axis", axis), f("keep", keep); }
};

namespace reference {
void argmax(const Reference& c);
}  // namespace reference

}  // namespace lemnos
