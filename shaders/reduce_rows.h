#include "reduce.h"
#include "common/shared.h"

PARAMS_BEGIN(ReduceRows)
  uint rows;
  uint cols;
  uint chunks;           // pieces that a row is cut into, each with a result of its own
  uint chunk_cols;       // columns of a piece, a multiple of 4; the last may be shorter
  float divisor;
  uint words_per_group;  // words of y that a workgroup makes, `by_subgroup`
PARAMS_END

SPEC_BEGIN(ReduceRows, 64)
SPEC(1, uint, kind, 0)
SPEC(2, uint, finish, 0)
SPEC(3, uint, format, 0)         // of x
SPEC(4, uint, result_format, 0)  // of y
SPEC(5, uint, wide, 0)           // rows begin on groups of four
SPEC(6, uint, by_subgroup, 0)     // a subgroup to a row instead of a workgroup
SPEC_END
