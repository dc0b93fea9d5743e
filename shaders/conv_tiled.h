// Convolution as a product through shared memory, of one phase (src/ops/conv.h). Its parts of K count channels in
// whole groups of four for each tap, so that a block of four k stands under one tap; those past the last are zero.
//   planes          C[m, place] = A[m, tap and channel] B[tap and channel, place]   A the weight, B what taps meet of x
//   weight gradient C[m, tap and channel] = A[m, place] B[place, tap and channel]   A is dy
#include "common/shared.h"
#include "common/unary_functions.h"

PARAMS_BEGIN(ConvTiled)
  uint m;       // channels of the result (of dy) in a group
  uint groups;
  uint places;  // images * down * across
  uint down;    // rows and columns of places
  uint across;
  uint down_multiplier;  // dividing by those
  uint down_shift;
  uint across_multiplier;
  uint across_shift;
  uint height;  // of x
  uint width;
  int origin_h;  // where in x the first tap of the first place is
  int origin_w;
  uint tap_first;  // in the weight, and how far it is from a tap to the next
  int tap_step_h;
  int tap_step_w;
  uint weight_group;    // elements of the weight from one group to the next,
  uint weight_row;      // from one channel of the result to the next,
  uint weight_channel;  // and from one channel of x to the next
  uint y_first;         // the first place in its plane of the result (of dy),
  uint y_step;          // elements from one place to the next,
  uint y_row;           // from one row to the next,
  uint y_plane;         // and from one channel to the next
  uint parts;           // of K, each summed by workgroups of its own
  uint part_k;          // elements of K in a part, whole slices; the last may be shorter
  float a;  // the function's own parameters
  float b;
PARAMS_END

SPEC_BEGIN(ConvTiled, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, result_format, 0)
SPEC(3, uint, tile_m, 32)
SPEC(4, uint, tile_n, 32)
SPEC(5, uint, tile_k, 16)
SPEC(6, uint, rows, 4)
SPEC(7, uint, columns, 4)
SPEC(8, uint, channels, 1)  // of x in a group
SPEC(9, uint, kernel_h, 1)
SPEC(10, uint, kernel_w, 1)
SPEC(11, uint, stride_h, 1)
SPEC(12, uint, stride_w, 1)
SPEC(13, uint, dilation_h, 1)
SPEC(14, uint, dilation_w, 1)
SPEC(15, uint, to_weight, 0)
SPEC(16, uint, has_bias, 0)
SPEC(17, uint, wide, 0)  // rows of places are whole groups of four, side by side in the result
SPEC(18, uint, activation, 0)
SPEC_END
