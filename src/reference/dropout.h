// Elements that are left out at random.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct DropoutAttrs {
  double rate = 0;
  int64_t seed = 0;
  int64_t stream = 0;
  int64_t per_mask = 1;  // elements that share one of the mask

  bool operator==(const DropoutAttrs&) const = default;

  void visit(auto&& f) { f("rate", rate, kRequired), f("seed", seed), f("stream", stream), f("per_mask", per_mask); }
};

namespace reference {
void dropout(const Reference& c);
}  // namespace reference

}  // namespace lemnos
