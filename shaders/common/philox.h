// Philox 4x32-10: random bits as a function of a counter and a key (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", 2011). The one source for kernels and for the host.
#ifndef COMMON_PHILOX
#define COMMON_PHILOX

#include "portable.h"

PORTABLE_BEGIN

FUNCTION uvec4 philox(uvec4 counter, uvec2 key) {
  for (uint round = 0u; round < 10u; ++round) {
    const uint a = counter[0];
    const uint b = counter[2];
    counter[0] = multiply_high(0xCD9E8D57u, b) ^ counter[1] ^ key[0];
    counter[1] = 0xCD9E8D57u * b;
    counter[2] = multiply_high(0xD2511F53u, a) ^ counter[3] ^ key[1];
    counter[3] = 0xD2511F53u * a;
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

PORTABLE_END

#endif
