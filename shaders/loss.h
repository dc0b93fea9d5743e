// Losses over elements, numbered for both sides; formulas in common/loss.glsl and src/reference/loss.cpp.
#define LOSS_MSE 0
#define LOSS_L1 1
#define LOSS_HUBER 2
#define LOSS_SMOOTH_L1 3
#define LOSS_LOG_COSH 4
#define LOSS_BINARY_CROSS_ENTROPY 5
#define LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS 6
#define LOSS_KL_DIVERGENCE 7
#define LOSS_HINGE 8
#define LOSS_SQUARED_HINGE 9
#define LOSS_POISSON_LOG 10
#define LOSS_POISSON 11
#define LOSS_FOCAL 12

#include "common/shared.h"

PARAMS_BEGIN(Loss)
  uint count;      // elements
  uint per_group;  // elements of one workgroup, a multiple of 4
  float scale;     // of the gradient and of the sum
  float a;         // the function's own parameters
  float b;
PARAMS_END

SPEC_BEGIN(Loss, 256)
SPEC(1, uint, function, 0)
SPEC(2, uint, reduced, 1)        // a sum per workgroup, else a loss per element
SPEC(3, uint, with_gradient, 1)  // write dloss/dp
SPEC_END
