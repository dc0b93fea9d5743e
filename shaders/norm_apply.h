#include "norm.h"

#define NORM_APPLY_FORWARD 0   // y = (x - mean) rstd gamma + beta
#define NORM_APPLY_RUNNING 1   // the same with a mean and a variance of their own
#define NORM_APPLY_BACKWARD 2  // dx = gamma rstd (dy - sum(dy) / total - xhat sum(dy xhat) / total)

PARAMS_BEGIN(NormApply)
  uint count;
  uint inner;
  uint channels;
  uint inner_multiplier;  // divisors (common/divide.glsl)
  uint inner_shift;
  uint channels_multiplier;
  uint channels_shift;
  float total;  // elements of a channel
  float eps;
PARAMS_END

SPEC_BEGIN(NormApply, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, gamma_format, 0)
SPEC(3, uint, function, 0)
SPEC(4, uint, has_gamma, 0)
SPEC(5, uint, has_beta, 0)
SPEC(6, uint, wide, 0)  // four elements side by side belong to one channel
SPEC(7, uint, counted, 0)  // only the first images counted in the statistics
SPEC_END
