// Softmax and its logarithm.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct SoftmaxAttrs {
  bool logarithm = false;

  void visit(auto&& f) { f("logarithm", logarithm); }
};

namespace reference {
void softmax(const Reference& c);
void softmax_backward(const Reference& c);
}  // namespace reference

}  // namespace lemnos
