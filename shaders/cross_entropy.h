// Cross-entropy of softmax(logits) against class indices or probabilities; read by cross_entropy.comp (a team per
// row) and cross_entropy_lanes.comp (one invocation per row).
#define REDUCTION_MEAN 0
#define REDUCTION_SUM 1
#define REDUCTION_NONE 2

#include "common/shared.h"
#include "common/team.h"

PARAMS_BEGIN(CrossEntropy)
  uint rows;
  uint cols;
  float smoothing;      // label smoothing
  uint rows_per_group;
PARAMS_END

SPEC_BEGIN(CrossEntropy, 64)
SPEC(1, uint, soft, 0)               // the targets are probabilities, not class indices
SPEC(2, uint, smoothed, 0)           // smoothing is not 0
SPEC(3, uint, weighted, 0)           // class weights are given
SPEC(4, uint, reduction, 0)
SPEC(5, uint, log_probabilities, 0)  // the logits are logarithms of probabilities already
SPEC(6, uint, with_gradient, 1)      // write dlogits
SPEC(7, uint, counted, 1)            // the divisor of the mean is in its buffer, else the one workgroup counts
SPEC(8, uint, wide, 0)               // cols is a multiple of 4, so rows can be read four at a time
SPEC(9, uint, team, TEAM_WORKGROUP)
SPEC_END
