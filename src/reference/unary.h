// The elementwise functions of one operand, in double: the definition that the shader is measured against.
#pragma once

#include <span>

#include "lemnos/op.h"

namespace lemnos {

struct UnaryAttrs {
  double a = 0;  // the parameters of the function
  double b = 0;

  void visit(auto&& f) { f("a", a), f("b", b); }
};

struct UnaryBackwardAttrs {
  int64_t function = 0;  // UNARY_*
  double a = 0;
  double b = 0;

  void visit(auto&& f) { f("function", function, kRequired), f("a", a), f("b", b); }
};

}  // namespace lemnos

namespace lemnos::reference {

struct UnaryFunction {
  const char* name;
  double (*value)(double x, double a, double b);
  double (*slope)(double s, double a,
                  double b);  // f'(x), where s is y if slope_of_output and x otherwise; null: it is 0
  bool slope_of_output;
};

/// By the numbers of shaders/unary.h.
std::span<const UnaryFunction> unary_functions();

void unary(const Reference& c);           // x -> y
void unary_backward(const Reference& c);  // s, dy -> dx, the function by its number in attribute `function`

}  // namespace lemnos::reference
