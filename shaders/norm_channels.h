// Sums over a channel of x[images, channels, inner], in chunks of its images * inner elements.
#include "norm.h"

PARAMS_BEGIN(NormChannels)
  uint channels;
  uint inner;
  uint inner_multiplier;  // divisor (common/divide.glsl)
  uint inner_shift;
  uint total;       // elements of a channel
  uint chunks;
  uint chunk_size;  // a multiple of 4; the last may be shorter
  uint groups;      // statistics belong to (image, group of channels); 0: to the channel
PARAMS_END

SPEC_BEGIN(NormChannels, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, function, 0)
SPEC(3, uint, wide, 0)  // inner is a multiple of 4
SPEC(4, uint, counted, 0)  // only the first images count in statistics
SPEC_END
