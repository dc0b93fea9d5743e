#include "common/shared.h"
#define TRANSPOSE_BATCH_AXES 4
#define TRANSPOSE_TILE 32  // elements along each side of a workgroup's tile

PARAMS_BEGIN(Transpose)
  uint rows;      // extent of the axis along which x is consecutive
  uint cols;      // extent of the axis along which y is consecutive
  uint stride_x;  // from one of the cols to the next, in x
  uint stride_y;  // from one of the rows to the next, in y
  uint tiles_r;
  uint tiles_c;
  uint batch[TRANSPOSE_BATCH_AXES];
  uint batch_x[TRANSPOSE_BATCH_AXES];  // strides
  uint batch_y[TRANSPOSE_BATCH_AXES];
PARAMS_END

SPEC_BEGIN(Transpose, 64)
SPEC(1, uint, format, 4)
SPEC(2, uint, wide, 0)  // every side and stride is a multiple of 4
SPEC(3, uint, batch_axes, 0)
SPEC_END
