// A whole small network, y = W_out f(.. W_1 f(W_0 x)), in one kernel. `weights` holds the matrices one after another, each
// [inputs + 1, outputs] by rows: the last row is the bias.
#define MLP_RELU 0
#define MLP_SIGMOID 1
#define MLP_TANH 2

#include "common/shared.h"

PARAMS_BEGIN(Mlp)
  uint rows;     // of x and y
  uint tiles;    // backward: blocks of rows
  uint groups;   // workgroups, each of which walks every groups-th tile
  uint weights;  // elements of `weights`, up to a whole group of four
  uint first;    // backward: the tile that this launch begins with
PARAMS_END

SPEC_BEGIN(Mlp, 128)
SPEC(1, uint, format, 0)
SPEC(2, uint, ins, 1)
SPEC(3, uint, quads, 4)       // groups of four units of a hidden layer
SPEC(4, uint, hidden_layers, 1)
SPEC(5, uint, outs, 1)
SPEC(6, uint, activation, 0)  // MLP_...
SPEC(7, uint, each, 4)        // rows that an invocation has at a time; its neighbours on one have the same
SPEC(8, uint, blocks, 4)      // of so many rows, side by side in the workgroup
SPEC(9, uint, turns, 1)       // of the workgroup, in a tile
SPEC(10, uint, extra, 0)      // forward: the hidden layers are kept; backward: dx is wanted
SPEC(11, uint, fragment_m, 16)  // cooperative only: what the matrix unit multiplies at once,
SPEC(12, uint, fragment_n, 16)
SPEC(13, uint, fragment_k, 16)
SPEC(14, uint, subgroups, 4)    // who share a tile,
SPEC(15, uint, across, 1)       // so many of them side by side along the units,
SPEC(16, uint, slice, 16)       // and how much of what is summed over lies in shared memory at a time
SPEC_END
