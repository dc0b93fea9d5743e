// Cross-entropy of softmax(logits) against class indices or probabilities; read by cross_entropy.comp (one workgroup per
// row) and cross_entropy_whole.comp (one workgroup for a small batch).
#define REDUCTION_MEAN 0
#define REDUCTION_SUM 1
#define REDUCTION_NONE 2

#include "common/shared.h"

PARAMS_BEGIN(CrossEntropy)
  uint rows;
  uint cols;
  float smoothing;  // label smoothing
PARAMS_END

SPEC_BEGIN(CrossEntropy, 64)
SPEC(1, uint, soft, 0)               // the targets are probabilities, not class indices
SPEC(2, uint, smoothed, 0)           // smoothing is not 0
SPEC(3, uint, weighted, 0)           // class weights are given
SPEC(4, uint, reduction, 0)
SPEC(5, uint, log_probabilities, 0)  // the logits are logarithms of probabilities already
SPEC(6, uint, with_gradient, 1)      // write dlogits
SPEC_END
