// What Adafactor does beside its sums.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct AdafactorVarianceAttrs {
  double exponent = -.8;

  void visit(auto&& f) { f("exponent", exponent); }
};

struct AdafactorUpdateAttrs {
  double lr = .01;
  double lr_scale = 1;  // the parameter's own
  double weight_decay = 0;

  void visit(auto&& f) { f("lr", lr), f("lr_scale", lr_scale), f("weight_decay", weight_decay); }
};

namespace reference {
void adafactor_variance(const Reference& c);
void adafactor_update(const Reference& c);
}  // namespace reference

}  // namespace lemnos
