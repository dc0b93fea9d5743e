// A convolution's weight laid out for conv_window.comp: [group][tile][kernel row][channel of x][tap][four rows], f32, zero
// past the last channel of the result.
#include "common/shared.h"

PARAMS_BEGIN(ConvPack)
  uint count;  // groups of four to write
  uint m;      // channels of the result in a group
  uint rows;   // of them in a tile
  uint tiles;
  uint channels;
  uint kernel_h;  // taps that are taken,
  uint kernel_w;
  uint first;  // where in a kernel the first of them is,
  int step_h;  // and how far it is to the next: backwards, where a gradient flows back
  int step_w;
  uint weight_group;    // elements of the weight from one group to the next,
  uint weight_row;      // from one channel of the result to the next,
  uint weight_channel;  // and from one channel of x to the next
PARAMS_END

SPEC_BEGIN(ConvPack, 64)
SPEC(1, uint, format, 0)
SPEC_END
