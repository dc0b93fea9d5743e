#ifndef REDUCE_COLUMNS_PARAMETERS
#define REDUCE_COLUMNS_PARAMETERS

#include "reduce.h"

// How results lie, so that a division is only made where it is needed.
#define REDUCE_LAYOUT_INNER 0  // all side by side: outer = 1
#define REDUCE_LAYOUT_OUTER 1  // inner = 1
#define REDUCE_LAYOUT_BOTH 2

#include "common/shared.h"

PARAMS_BEGIN(ReduceColumns)
  uint outputs;           // outer * inner: results of one chunk
  uint inner;             // results that lie side by side
  uint inner_multiplier;  // division of a result's number by inner (of a group's by inner / 4)
  uint inner_shift;
  uint depth;             // elements that go into one result, `inner` apart
  uint chunks;            // pieces that the depth is cut into, each with results of its own
  uint chunk_depth;
  float divisor;
PARAMS_END

SPEC_BEGIN(ReduceColumns, 64)
SPEC(1, uint, kind, 0)
SPEC(2, uint, finish, 0)
SPEC(3, uint, format, 0)
SPEC(4, uint, result_format, 0)
SPEC(5, uint, wide, 0)    // inner is a multiple of 4
SPEC(6, uint, layout_of, 0)  // REDUCE_LAYOUT_...
SPEC_END

#endif
