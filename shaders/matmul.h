// C[batch, m, n] = mask f(alpha A B + bias + beta R), or mask (alpha A B + bias) f'(S): what the kernels of the GEMM family
// share. Beside C, the sums of A's rows over K where they are wanted.
// A tile of C belongs to one workgroup; tiles, then batches, then parts of K count up in the workgroup's index.
#ifndef MATMUL_PARAMETERS
#define MATMUL_PARAMETERS

#include "common/shared.h"
#include "common/gemm_extra.h"
#include "common/unary_functions.h"

PARAMS_BEGIN(Matmul)
  uint m;
  uint n;
  uint k;
  uint batches;
  uint parts;     // of K, each summed by workgroups of its own
  uint part_k;    // elements of K in a part; the last may be shorter
  uint extent_1;  // the batch index splits over up to three axes; these are the extents of the inner two
  uint extent_2;
  uint a_stride_0;  // elements from one batch to the next along each of the three; 0 where A is stretched
  uint a_stride_1;
  uint a_stride_2;
  uint b_stride_0;
  uint b_stride_1;
  uint b_stride_2;
  float alpha;
  float beta;
  float a;  // the function's own parameters
  float b;
  uint threshold;  // of the mask's random bits; see dropout.h
  float scale;
  uint seed;
  uint stream;
PARAMS_END

SPEC_BEGIN(Matmul, 64)
SPEC(1, uint, transpose_a, 0)
SPEC(2, uint, transpose_b, 0)
SPEC(3, uint, vector_a, 0)  // rows as stored are whole groups of four (1) or eight (2): one load for all of a group
SPEC(4, uint, vector_b, 0)
SPEC(5, uint, vector_c, 0)
SPEC(6, uint, tile_m, 16)
SPEC(7, uint, tile_n, 32)
SPEC(8, uint, tile_k, 16)  // tiled only
SPEC(9, uint, rows, 16)    // of C that one invocation owns, a multiple of 4
SPEC(10, uint, columns, 4)
SPEC(11, uint, has_bias, 0)
SPEC(12, uint, extra, 0)
SPEC(13, uint, activation, 0)
SPEC(14, uint, partial_sums, 0)  // writes the bare sums of its part of K to scratch, for matmul_reduce
SPEC(15, uint, fragment_m, 16)   // cooperative only: what the matrix unit multiplies at once
SPEC(16, uint, fragment_n, 16)
SPEC(17, uint, fragment_k, 16)
SPEC(18, uint, masked, 0)    // elements are dropped at random
SPEC(19, uint, row_sums, 0)  // wanted: one batch, and no more rows in a tile than invocations
SPEC_END

#endif
