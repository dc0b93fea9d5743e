// Losses over elements, in double: the definition that the shader is measured against.
#pragma once

#include <span>

#include "lemnos/op.h"

namespace lemnos {

struct LossAttrs {
  std::string reduction = "mean";  // or sum, or none
  double a = 0;                    // the parameters of the function
  double b = 0;

  void visit(auto&& f) { f("reduction", reduction), f("a", a), f("b", b); }
};

}  // namespace lemnos

namespace lemnos::reference {

struct LossFunction {
  const char* name;
  double (*value)(double p, double t, double a, double b);
  double (*slope)(double p, double t, double a, double b);  // d value / d p
  bool antisymmetric;                                       // a function of p - t alone, so that d value / d t = -slope
};

/// By the numbers of shaders/loss.h.
std::span<const LossFunction> loss_functions();

void loss(const Reference& c);

}  // namespace lemnos::reference
