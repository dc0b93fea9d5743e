#include "common/shared.h"

PARAMS_BEGIN(AdvanceStep)
uint batches_per_epoch;  // 0: the state's
uint batch;
float beta1;
float beta2;
float rest1;  // 1 - beta1, rounded once
float rest2;
float momentum_decay;
float base_lr;
uint capacity;  // rows of the ring
uint more;      // numbers of a row past the first four
PARAMS_END

SPEC_BEGIN(AdvanceStep, 32)
SPEC(1, uint, record, 0)
SPEC_END
