// Sums over the columns of x[rows, channels], in chunks of rows.
#include "norm.h"

PARAMS_BEGIN(NormColumns)
  uint rows;
  uint channels;
  uint chunks;
  uint chunk_rows;
PARAMS_END

SPEC_BEGIN(NormColumns, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, function, 0)
SPEC(3, uint, per_row, 0)  // statistics belong to the row, not to the column
SPEC(4, uint, wide, 0)     // rows are whole groups of four
SPEC(5, uint, counted, 0)  // only the first rows count in statistics
SPEC_END
