// Convolution of planes that were padded beforehand, so that whatever a tap meets is there. Numbers that say "groups" count
// four elements of x.
#include "common/shared.h"
#include "common/unary_functions.h"

PARAMS_BEGIN(ConvWindow)
  uint m;         // channels of the result in a group
  uint groups;
  uint channels;  // of x in a group
  uint fours;     // groups of four positions of the result, in all
  uint across;    // of them, in a row of the result
  uint down;      // rows of the result
  uint across_multiplier;  // dividing by those
  uint across_shift;
  uint down_multiplier;
  uint down_shift;
  uint x_row;     // groups of x from one row to the next,
  uint x_plane;   // from one channel to the next,
  uint x_image;   // and from one image to the next
  uint x_first;   // groups before the row that the first tap of the first position meets
  uint kernel_h;
  uint stride_h;
  uint dilation_h;
  uint width;     // positions of a row of the result
  uint y_first;   // the first element of the result in its plane,
  uint y_step;    // elements from one position to the next,
  uint y_row;     // from one row to the next,
  uint y_plane;   // and from one channel to the next
  float a;  // the function's own parameters
  float b;
PARAMS_END

SPEC_BEGIN(ConvWindow, 8)
SPEC(1, uint, format, 0)
SPEC(2, uint, result_format, 0)
SPEC(3, uint, rows, 8)    // channels of the result that an invocation owns
SPEC(4, uint, quads, 2)   // groups of four positions that it owns
SPEC(5, uint, taps, 1)    // of a kernel's row
SPEC(6, uint, chunk, 1)   // channels of x taken at once, a divisor of them
SPEC(7, uint, first, 0)   // elements of the window before the first tap of the first position
SPEC(8, uint, stride, 1)
SPEC(9, uint, dilation, 1)
SPEC(10, uint, has_bias, 0)
SPEC(11, uint, wide, 0)   // rows of the result are whole groups of four, side by side
SPEC(12, uint, activation, 0)
SPEC_END
