// The passes of a recurrent cell's kernel.
#ifndef COMMON_CELL
#define COMMON_CELL
#define CELL_FORWARD 0
#define CELL_GATES 1  // backward: the gradients of the gates, and
#define CELL_STATE 2  // of the state that goes straight through
#endif
