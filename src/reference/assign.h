// The plain update of a variable, and of the gradient arena.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct PlaceGradientsAttrs {
  std::vector<int64_t> offsets;  // of each gradient in the arena

  void visit(auto&& f) { f("offsets", offsets, kRequired); }
};

namespace reference {
void assign(const Reference& c);
void place_gradients(const Reference& c);
}  // namespace reference

}  // namespace lemnos
