#define RANDOM_UNIFORM 0
#define RANDOM_NORMAL 1

#include "common/shared.h"

PARAMS_BEGIN(Random)
  uint count;
  float a;  // low | mean
  float b;  // high - low | deviation
  uint seed;
  uint stream;
PARAMS_END

SPEC_BEGIN(Random, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, distribution, 0)
SPEC_END
