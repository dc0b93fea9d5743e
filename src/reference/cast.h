// Another element type.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct CastAttrs {
  DType dtype = DType::f32;

  void visit(auto&& f) { f("dtype", dtype, kRequired); }
};

namespace reference {
void cast(const Reference& c);
}  // namespace reference

}  // namespace lemnos
