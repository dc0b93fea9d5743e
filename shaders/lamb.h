// LAMB takes three launches; which one this is.
#define LAMB_MOMENTS 0  // moves m and v, and leaves the squares of weights and updates of each block
#define LAMB_RATIOS 1   // a workgroup per parameter: the sums over its blocks, and the ratio of their roots
#define LAMB_UPDATE 2   // takes the update, times the parameter's ratio

#include "common/shared.h"

PARAMS_BEGIN(Lamb)
  uint count;  // elements / 4 of this launch, or parameters for the ratios
  float lr;    // base rate: the state's factors multiply it
  float weight_decay;
  float clip_value;
  float eps;
  float beta1;
  float rest1;  // 1 - beta1, rounded once
  float beta2;
  float rest2;
PARAMS_END

SPEC_BEGIN(Lamb, 64)
SPEC(1, uint, phase, 0)
SPEC(2, uint, grouped, 0)  // the table of groups is bound
SPEC(3, uint, clipped, 0)  // clamp each element of the gradient to +-clip_value
SPEC_END
