// Reductions over any axes.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct ReduceAttrs {
  std::vector<int64_t> axes;  // none: all
  bool keep = false;

  void visit(auto&& f) { f("axes", axes), f("keep", keep); }
};

namespace reference {
void reduce(const Reference& c);
}  // namespace reference

}  // namespace lemnos
