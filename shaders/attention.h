// Scaled dot-product attention over rows: a query, key, value or result is a row of D elements, found by its batch, its head
// and its position. `own` rows are those that an invocation makes a result for; they look at all `other` rows.
#define ATTENTION_QUERY 0  // backward: dq, own rows are queries
#define ATTENTION_KEY 1    // dk, own rows are keys
#define ATTENTION_VALUE 2  // dv

#include "common/shared.h"

PARAMS_BEGIN(Attention)
  uint rows;    // own rows of one head
  uint others;
  uint heads;
  uint groups;  // batches * heads
  uint own_batch;  // rows from one batch to the next, from one head to the next, from one position to the next
  uint own_head;
  uint own_row;
  uint other_batch;
  uint other_head;
  uint other_row;
  float scale;
PARAMS_END

SPEC_BEGIN(Attention, 32)
SPEC(1, uint, format, 0)
SPEC(2, uint, quads, 1)        // groups of four elements of a query and a key
SPEC(3, uint, value_quads, 1)  // and of a value
SPEC(4, uint, causal, 0)       // a query sees the keys up to its own position
SPEC(5, uint, part, 0)         // backward: ATTENTION_...
SPEC_END
