// A tensor with a value around it.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct PadAttrs {
  std::vector<int64_t> before;
  std::vector<int64_t> after;
  double value = 0;

  void visit(auto&& f) { f("before", before), f("after", after), f("value", value); }
};

namespace reference {
void pad(const Reference& c);
}  // namespace reference

}  // namespace lemnos
