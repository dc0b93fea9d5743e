#include "common/shared.h"

PARAMS_BEGIN(BatchIndices)
uint samples;  // 0: the state's
uint batch;
uint seed;
uint window;  // batches in the ring that holds the next rows; 0: the whole set is there
PARAMS_END

SPEC_BEGIN(BatchIndices, 64)
SPEC(1, uint, shuffle, 1)
SPEC_END
