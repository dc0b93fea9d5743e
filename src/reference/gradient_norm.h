// The norm of all gradients, and what follows from it.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct GradientNormAttrs {
  double max_norm = 0;  // 0: no clipping
  double loss_scale = 1;
  double growth = 2;
  double backoff = .5;
  int64_t interval = 0;    // good steps until the loss scale grows; 0: it stays
  double least = 0x1p-14;  // below which it does not fall

  void visit(auto&& f) {
    f("max_norm", max_norm), f("loss_scale", loss_scale), f("growth", growth), f("backoff", backoff),
        f("interval", interval), f("least", least);
  }
};

namespace reference {
void gradient_norm(const Reference& c);
}  // namespace reference

}  // namespace lemnos
