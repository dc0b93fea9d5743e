// LAMB.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct LambAttrs {
  double lr = .001;
  double weight_decay = 0;
  double clip_value = 0;  // 0: no clipping
  double eps = 1e-6;
  double beta1 = .9;
  double beta2 = .999;

  void visit(auto&& f) {
    f("lr", lr), f("weight_decay", weight_decay), f("clip_value", clip_value), f("eps", eps), f("beta1", beta1),
        f("beta2", beta2);
  }
};

namespace reference {
void lamb(const Reference& c);
}  // namespace reference

}  // namespace lemnos
