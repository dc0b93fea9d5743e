// dweight from planes that were padded beforehand: whatever a tap meets of x is there, and dy is zero past the end of its
// rows. Numbers that say "groups" count four elements.
#include "common/shared.h"

PARAMS_BEGIN(ConvWeightWindow)
  uint m;         // channels of dy in a group
  uint groups;
  uint channels;  // of x in a group
  uint lines;     // images * rows of dy * pieces of a row
  uint parts;     // that the lines are cut into, each with a result of its own
  uint part_lines;
  uint down;      // rows of dy
  uint across;    // groups of a row of dy
  uint dy_row;    // groups of dy from one row to the next,
  uint dy_plane;  // and from one channel to the next
  uint x_row;     // groups of x likewise
  uint x_plane;
  uint kernel_h;
  uint stride_h;
  uint dilation_h;
  uint pieces;    // of a row of dy,
  uint piece;     // of so many groups
PARAMS_END

SPEC_BEGIN(ConvWeightWindow, 8)
SPEC(1, uint, format, 0)
SPEC(2, uint, rows, 8)  // channels of dy that an invocation owns
SPEC(3, uint, taps, 1)  // of a kernel's row, all of which it owns
SPEC(4, uint, stride, 1)
SPEC(5, uint, dilation, 1)
SPEC_END
