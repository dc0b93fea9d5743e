// dweight[o, c, kh, kw] = sum over images and positions of dy[o] x[c] under the tap.
#include "common/shared.h"

PARAMS_BEGIN(ConvWeight)
  uint m;         // channels of dy in a group
  uint channels;  // of x in a group
  uint groups;
  uint lines;     // images * rows of dy * pieces of a row
  uint parts;     // that the lines are cut into, each with a result of its own
  uint part_lines;
  uint out_height;
  uint out_width;
  uint height;
  uint width;
  uint kernel_h;
  uint kernel_w;
  int stride_h;
  int stride_w;
  int pad_h;
  int pad_w;
  int dilation_h;
  int dilation_w;
  uint pieces;    // of a row of dy,
  uint piece;     // of so many positions
PARAMS_END

SPEC_BEGIN(ConvWeight, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, rows, 8)    // channels of dy that an invocation owns
SPEC(3, uint, taps, 1)    // of a kernel's row, owned by an invocation
SPEC(4, uint, slide, 0)   // a step along a row of dy is a step along x, and so is a tap
SPEC(5, uint, packed, 0)  // few columns: the lanes of a workgroup belong to different parts and rows too
SPEC_END
