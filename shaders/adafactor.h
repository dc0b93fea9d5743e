// Adafactor's two ops, numbered for both sides; formulas in src/ops/adafactor.cpp.
#define ADAFACTOR_VARIANCE 0
#define ADAFACTOR_UPDATE 1

#include "common/shared.h"

PARAMS_BEGIN(Adafactor)
  uint count;
  float exponent;      // new mean squares weigh t^exponent
  float lr;            // base rate: the state's factors multiply it
  float lr_scale;      // the parameter's own
  float weight_decay;
PARAMS_END

SPEC_BEGIN(Adafactor, 64)
SPEC(1, uint, phase, 0)
SPEC_END
