// Indices that are too large, counted.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct IndexErrorsAttrs {
  int64_t limit = 0;
  int64_t row = 0;

  void visit(auto&& f) { f("limit", limit, kRequired), f("row", row); }
};

namespace reference {
void index_errors(const Reference& c);
}  // namespace reference

}  // namespace lemnos
