// Layer, RMS and group normalisation: statistics over rows of consecutive elements.
#include "norm.h"

PARAMS_BEGIN(NormRows)
  uint rows;
  uint cols;
  uint inner;
  uint channels;
  float eps;
PARAMS_END

SPEC_BEGIN(NormRows, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, gamma_format, 0)
SPEC(3, uint, centred, 1)     // the mean is taken out
SPEC(4, uint, has_gamma, 0)
SPEC(5, uint, has_beta, 0)
SPEC(6, uint, per_column, 0)  // the channel is the column
SPEC(7, uint, wide, 0)        // rows and channels are whole groups of four
SPEC(8, uint, each, 1)        // rows a workgroup: two where they share a word
SPEC_END
