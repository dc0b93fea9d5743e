// A bound on the norm of rows.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct MaxNormAttrs {
  double max_norm = 2;

  void visit(auto&& f) { f("max_norm", max_norm); }
};

namespace reference {
void max_norm(const Reference& c);
}  // namespace reference

}  // namespace lemnos
