// Division by an extent that the host knows (Divisor in src/ops/broadcast.h); n stays below 2^31.
#ifndef COMMON_DIVIDE
#define COMMON_DIVIDE
#include "common/walk.glsl"

uint quotient(uint n, uint d, uint multiplier, uint shift) { return d == 1 ? n : divide_by(n, multiplier, shift); }

#endif
