// What the pooling kernels share: windows of a plane. Window i of an axis begins at i stride - padding and reaches over
// `kernel` places, `dilation` apart; or, where the extents are adapted, covers [i H / OH, (i + 1) H / OH) rounded outwards.
#ifndef POOL_PARAMETERS
#define POOL_PARAMETERS

#define POOL_MAX 0
#define POOL_AVERAGE 1

#include "common/shared.h"

PARAMS_BEGIN(Pool)
  uint count;  // elements of the result; of an owning backward, cells
  uint rows;   // of one plane of what is counted, and columns, with their divisors (common/divide.glsl)
  uint columns;
  uint rows_multiplier;
  uint rows_shift;
  uint columns_multiplier;
  uint columns_shift;
  uint height;
  uint width;
  uint out_height;
  uint out_width;
  int pad_h;
  int pad_w;
PARAMS_END

SPEC_BEGIN(Pool, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, function, 0)
SPEC(3, uint, adapted, 0)
SPEC(4, uint, count_pad, 0)  // the average divides by the whole window, also where it lies in the padding
SPEC(5, uint, owning, 0)     // backward: windows do not overlap, so each owns its cell of dx
SPEC(6, int, stride_h, 1)    // constants, so that no division by them remains, nor a loop over a small window
SPEC(7, int, stride_w, 1)
SPEC(8, int, dilation_h, 1)
SPEC(9, int, dilation_w, 1)
SPEC(10, int, kernel_h, 1)
SPEC(11, int, kernel_w, 1)
SPEC(12, uint, whole, 0)     // small windows that all lie inside of x; of an owning backward, that are the whole cell
SPEC_END

#endif
