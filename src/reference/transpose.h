// Axes in another order.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct TransposeAttrs {
  std::vector<int64_t> axes;

  void visit(auto&& f) { f("axes", axes); }
};

namespace reference {
void transpose(const Reference& c);
}  // namespace reference

}  // namespace lemnos
