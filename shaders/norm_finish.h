#include "norm.h"

PARAMS_BEGIN(NormFinish)
  uint channels;
  uint chunks;
  uint chunk_size;  // elements of a channel in a chunk; the last may be shorter
  uint total;
  uint inner;  // elements of a channel in an image
  float eps;
PARAMS_END

SPEC_BEGIN(NormFinish, 64)
SPEC(1, uint, function, 0)
SPEC(2, uint, first_format, 0)  // of `first`: the variance is f32, a gradient as gamma
SPEC(3, uint, counted, 0)       // only the first images count in statistics
SPEC_END
