// A tensor stretched to a shape.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct BroadcastToAttrs {
  Shape shape;

  void visit(auto&& f) { f("shape", shape); }
};

namespace reference {
void broadcast_to(const Reference& c);
}  // namespace reference

}  // namespace lemnos
