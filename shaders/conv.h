// Convolution of planes with taps, forward and (with the taps flipped) back to the input. `x` is what is gathered from:
// the input, or the gradient of the output; `m` channels of the result belong to each group.
#include "common/shared.h"
#include "common/unary_functions.h"

PARAMS_BEGIN(Conv)
  uint m;         // channels of the result in a group
  uint n;         // positions of the result: images * plane
  uint groups;
  uint channels;  // of x in a group
  uint plane;     // positions of one image of the result
  uint plane_multiplier;  // and its divisor (common/divide.glsl)
  uint plane_shift;
  uint out_width;  // and its divisor
  uint width_multiplier;
  uint width_shift;
  uint height;    // of x
  uint width;
  uint image;     // elements of one image of x
  uint kernel_h;
  uint kernel_w;
  int stride_h;   // positions of x from one of the result to the next; of the result, where `divided`
  int stride_w;
  int pad_h;
  int pad_w;
  int dilation_h;
  int dilation_w;
  uint weight_group;    // elements of the weight from one group to the next,
  uint weight_row;      // from one channel of the result to the next,
  uint weight_channel;  // and from one channel of x to the next
  float a;  // the function's own parameters
  float b;
PARAMS_END

SPEC_BEGIN(Conv, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, result_format, 0)
SPEC(3, uint, rows, 8)      // channels of the result that an invocation owns
SPEC(4, uint, taps, 1)      // of a kernel's row, taken at once
SPEC(5, uint, slide, 0)     // four positions and their taps lie side by side in x
SPEC(6, uint, divided, 0)   // x is spread out by the stride: only every stride-th place of it is there
SPEC(7, uint, flipped, 0)   // the last tap comes first
SPEC(8, uint, has_bias, 0)
SPEC(9, uint, wide, 0)      // planes of the result are whole groups of four
SPEC(10, uint, quads, 1)   // groups of four positions that an invocation owns
SPEC(11, uint, activation, 0)
SPEC(12, uint, single, 0)  // x has one channel in a group: no loop over them
SPEC_END
