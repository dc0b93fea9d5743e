// The second pass of a product whose K was cut into parts.
#ifndef MATMUL_REDUCE_PARAMETERS
#define MATMUL_REDUCE_PARAMETERS

#include "common/shared.h"
#include "common/gemm_extra.h"
#include "common/unary_functions.h"

PARAMS_BEGIN(MatmulReduce)
  uint count;   // elements of C
  uint rows;    // of A, whose sums stand behind each part of C; 0: none do
  uint stride;  // from one part to the next
  uint n;
  uint parts;
  float alpha;
  float beta;
  float a;
  float b;
  uint threshold;
  float scale;
  uint seed;
  uint stream;
PARAMS_END

SPEC_BEGIN(MatmulReduce, 64)
SPEC(1, uint, vector_c, 0)
SPEC(2, uint, has_bias, 0)
SPEC(3, uint, extra, 0)
SPEC(4, uint, activation, 0)
SPEC(5, uint, masked, 0)
SPEC_END

#endif
