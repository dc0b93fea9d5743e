#include "common/shared.h"

PARAMS_BEGIN(GradientNorm)
uint quads;      // elements / 4 of this launch
uint per_group;  // quads of one workgroup
uint partial;    // index of the first group's partial sum
uint partials;   // all of them, for the launch that finishes
float max_norm;  // 0: no clipping
float loss_scale;
float growth;
float backoff;
uint first;     // quads of the arena before this launch's
uint interval;  // steps without a skip after which the loss scale grows; 0: the scale stays
float least;    // below which the loss scale does not fall
PARAMS_END

SPEC_BEGIN(GradientNorm, 256)
SPEC(1, uint, sums, 1)      // add up squares of gradients
SPEC(2, uint, finishes, 1)  // turn the sum into norm, clip factor and loss scale
SPEC(3, uint, masked, 0)    // only blocks whose mask is not 0 count
SPEC_END
