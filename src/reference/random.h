// Random numbers of a distribution.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct RandomAttrs {
  Shape shape;
  DType dtype = DType::f32;
  double a = 0;  // the lower end, or the mean
  double b = 1;  // the width, or the deviation
  int64_t seed = 0;
  int64_t stream = 0;

  void visit(auto&& f) {
    f("shape", shape), f("dtype", dtype), f("a", a), f("b", b), f("seed", seed), f("stream", stream);
  }
};

namespace reference {
void random(const Reference& c);
}  // namespace reference

}  // namespace lemnos
