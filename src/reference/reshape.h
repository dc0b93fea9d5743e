// Another shape of the same elements.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct ReshapeAttrs {
  Shape shape;

  void visit(auto&& f) { f("shape", shape); }
};

}  // namespace lemnos
