// The passes of a recurrent cell's kernel.
#ifndef COMMON_CELL
#define COMMON_CELL
#define CELL_FORWARD 0
#define CELL_BACKWARD 1  // all gradients at once, or, where words of the result would have two writers:
#define CELL_GATES 2     // the gradients of the gates, and
#define CELL_STATE 3     // of the state that goes straight through
#endif
