// Metrics over a batch.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct AccuracyAttrs {
  int64_t top = 1;

  void visit(auto&& f) { f("top", top); }
};

namespace reference {
void accuracy_count(const Reference& c);
void confusion_count(const Reference& c);
}  // namespace reference

}  // namespace lemnos
