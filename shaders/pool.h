// What the pooling kernels share: windows of a plane. Window i of an axis begins at i stride - padding and reaches over
// `kernel` places, `dilation` apart; or, where the extents are adapted, covers [i H / OH, (i + 1) H / OH) rounded outwards.
#define POOL_MAX 0
#define POOL_AVERAGE 1

#include "common/shared.h"

PARAMS_BEGIN(Pool)
  uint count;  // elements of the result
  uint height;
  uint width;
  uint out_height;
  uint out_width;
  int kernel_h;
  int kernel_w;
  int stride_h;
  int stride_w;
  int pad_h;
  int pad_w;
  int dilation_h;
  int dilation_w;
PARAMS_END

SPEC_BEGIN(Pool, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, function, 0)
SPEC(3, uint, adapted, 0)
SPEC(4, uint, count_pad, 0)  // the average divides by the whole window, also where it lies in the padding
SPEC_END
