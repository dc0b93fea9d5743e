// Optimizers, numbered for both sides; formulas in optimizer.comp and src/reference/optimizer.cpp.
#ifndef OPTIMIZER_PARAMETERS
#define OPTIMIZER_PARAMETERS

#define OPTIMIZER_SGD 0
#define OPTIMIZER_ADAGRAD 1
#define OPTIMIZER_ADADELTA 2
#define OPTIMIZER_RMSPROP 3
#define OPTIMIZER_ADAM 4
#define OPTIMIZER_NADAM 5
#define OPTIMIZER_ADAMAX 6
#define OPTIMIZER_RADAM 7
#define OPTIMIZER_LION 8
#define OPTIMIZER_ASGD 9
#define OPTIMIZER_RPROP 10
#define OPTIMIZER_AVERAGE 11

#include "common/shared.h"

PARAMS_BEGIN(Optimizer)
  uint quads;  // elements / 4
  float lr;    // base rate: the state's factors multiply it
  float weight_decay;
  float clip_value;
  float eps;
  float momentum;
  float undamped;  // 1 - dampening
  float beta1;
  float rest1;  // 1 - beta1, rounded once
  float beta2;
  float rest2;
  float lr_decay;
  float momentum_decay;
  float lambda;  // asgd
  float power;
  float start;
  float shrink;  // rprop
  float grow;
  float least;
  float most;
PARAMS_END

SPEC_BEGIN(Optimizer, 64)
SPEC(1, uint, function, 0)
SPEC(2, uint, slots, 0)      // how many slot arenas are bound
SPEC(3, uint, decoupled, 0)  // weight decay shrinks p itself, else it is added to the gradient
SPEC(4, uint, nesterov, 0)
SPEC(5, uint, centered, 0)
SPEC(6, uint, grouped, 0)    // the table of groups is bound
SPEC(7, uint, clipped, 0)    // clamp each element of the gradient to +-clip_value
SPEC_END

#endif
