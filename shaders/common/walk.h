// Walking several tensors over one index space: extents and strides as fold_axes (src/ops/broadcast.h) makes them.
#ifndef COMMON_WALK_H
#define COMMON_WALK_H
#define WALK_AXES 6
#endif
