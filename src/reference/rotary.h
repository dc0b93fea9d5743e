// Rotary positions.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct RotaryAttrs {
  int64_t rows = 1;  // that share a position
  bool inverse = false;

  void visit(auto&& f) { f("rows", rows), f("inverse", inverse); }
};

namespace reference {
void rotary(const Reference& c);
}  // namespace reference

}  // namespace lemnos
