#include "common/shared.h"

#define GATE_COUNTS 8  // launches whose workgroups one gate sets

PARAMS_BEGIN(LoopGate)
  uint count;                     // words
  uint first;                     // where they go
  uint groups[3 * GATE_COUNTS];   // workgroups in three dimensions of so many launches
PARAMS_END

SPEC_BEGIN(LoopGate, 32)
SPEC_END
