// How the places of a resized plane lie in the original: in whole numbers, the same for the reference and the kernel.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct UpsampleAttrs {
  std::vector<int64_t> size;  // of the result; of the backward op, that of dx
  bool linear = false;
  bool align_corners = false;

  void visit(auto&& f) { f("size", size, kRequired), f("linear", linear), f("align_corners", align_corners); }
};

}  // namespace lemnos

namespace lemnos::reference {

/// Result o is at (o mul + add) / den.
struct Resize {
  int64_t mul, add, den;
};
Resize resize(int64_t from, int64_t to, bool linear, bool align_corners);

void upsample(const Reference& c);
void upsample_backward(const Reference& c);

}  // namespace lemnos::reference
