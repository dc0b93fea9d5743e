// Along each axis, place o of the result lies at (o mul + add) / den of x, in whole numbers, so that every device agrees
// on the neighbours.
#include "common/shared.h"

PARAMS_BEGIN(Upsample)
  uint count;  // elements of what is made: y, or dx
  uint height;
  uint width;
  uint out_height;
  uint out_width;
  int mul_h;
  int add_h;
  int den_h;
  int mul_w;
  int add_w;
  int den_w;
PARAMS_END

SPEC_BEGIN(Upsample, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, linear, 0)    // between the two neighbours; otherwise the lower
SPEC(3, uint, backward, 0)  // x is dy, and y is dx
SPEC_END
