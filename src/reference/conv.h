// Convolution and its two gradients.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct ConvAttrs {
  std::vector<int64_t> stride;  // pairs {along height, along width}, or none: 1
  std::vector<int64_t> padding;
  std::vector<int64_t> dilation;
  int64_t groups = 1;

  void visit(auto&& f) { f("stride", stride), f("padding", padding), f("dilation", dilation), f("groups", groups); }
};

/// What is done to a finished sum.
struct ConvEpilogue {
  bool bias = false;
  int64_t activation = 0;  // UNARY_*, and its parameters
  double a = 0;
  double b = 0;

  void visit(auto&& f) { f("bias", bias), f("activation", activation), f("a", a), f("b", b); }
};

struct Conv2dAttrs {
  ConvAttrs conv;
  ConvEpilogue epilogue;

  void visit(auto&& f) { conv.visit(f), epilogue.visit(f); }
};

struct ConvInputAttrs {
  ConvAttrs conv;
  int64_t height = 0;  // of x
  int64_t width = 0;
  ConvEpilogue epilogue;

  void visit(auto&& f) {
    conv.visit(f), f("height", height, kRequired), f("width", width, kRequired), epilogue.visit(f);
  }
};

struct ConvWeightAttrs {
  ConvAttrs conv;
  std::vector<int64_t> kernel;

  void visit(auto&& f) { conv.visit(f), f("kernel", kernel, kRequired); }
};

namespace reference {
void conv2d(const Reference& c);
void conv2d_input(const Reference& c);
void conv2d_weight(const Reference& c);
}  // namespace reference

}  // namespace lemnos
