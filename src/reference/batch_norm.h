// Batch normalisation.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct BatchNormAttrs {
  double eps = 1e-5;
  int64_t affine = 0;    // how many of gamma and beta are given
  bool counted = false;  // the last input says how many rows count, the first of them

  void visit(auto&& f) { f("eps", eps), f("affine", affine), f("counted", counted); }
};

struct BatchNormBackwardAttrs {
  double eps = 1e-5;
  bool counted = false;

  void visit(auto&& f) { f("eps", eps), f("counted", counted); }
};

struct UpdateRunningAttrs {
  double momentum = .1;
  int64_t elements = 0;  // of each channel in the batch, or, counted, in a row of it
  bool counted = false;

  void visit(auto&& f) { f("momentum", momentum), f("elements", elements, kRequired), f("counted", counted); }
};

namespace reference {
void batch_norm(const Reference& c);
void batch_norm_backward(const Reference& c);
void batch_norm_eval(const Reference& c);
void update_running(const Reference& c);
}  // namespace reference

}  // namespace lemnos
