// Optimizer steps, in double: the definition that the shader is measured against.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct OptimizerAttrs {
  double lr = .01;
  double weight_decay = 0;
  bool decoupled = false;
  double clip_value = 0;  // 0: no clipping
  double eps = 1e-8;
  double momentum = 0;
  double dampening = 0;
  bool nesterov = false;
  double beta1 = .9;
  double beta2 = .999;
  double lr_decay = 0;
  double momentum_decay = 0;
  bool centered = false;
  double lambda = 0;  // asgd
  double power = 0;
  double start = 0;
  double shrink = .5;  // rprop; least and most in units of lr
  double grow = 1.2;
  double least = 0;
  double most = 1;

  void visit(auto&& f) {
    f("lr", lr), f("weight_decay", weight_decay), f("decoupled", decoupled), f("clip_value", clip_value), f("eps", eps),
        f("momentum", momentum), f("dampening", dampening), f("nesterov", nesterov), f("beta1", beta1),
        f("beta2", beta2), f("lr_decay", lr_decay), f("momentum_decay", momentum_decay), f("centered", centered),
        f("lambda", lambda), f("power", power), f("start", start), f("shrink", shrink), f("grow", grow),
        f("least", least), f("most", most);
  }
};

}  // namespace lemnos

namespace lemnos::reference {

/// By the numbers of shaders/optimizer.h: which optimizer the op of this name is.
int optimizer_number(const char* op);

void optimizer(const Reference& c);

}  // namespace lemnos::reference
