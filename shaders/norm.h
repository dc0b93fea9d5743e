// What the normalisation kernels share: an element e of x belongs to channel (e / inner) % channels, whose gamma and beta
// it takes, and to a row of `cols` elements or to its channel, over which the statistics go.
#define NORM_STATISTICS 0  // mean, and squares about it
#define NORM_GRADIENTS 1   // sum of dy, and of dy times the normalised x

#include "common/shared.h"
