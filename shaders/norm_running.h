#include "common/shared.h"

PARAMS_BEGIN(NormRunning)
  uint channels;
  float momentum;
  float unbiased;  // total / (total - 1), where all images count
  uint inner;      // elements of a channel in an image, where the first count
PARAMS_END

SPEC_BEGIN(NormRunning, 64)
SPEC(1, uint, counted, 0)
SPEC_END
