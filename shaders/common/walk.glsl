// Division by an extent that the host knows: a multiplication and a shift, several times cheaper than a division.
#ifndef COMMON_WALK
#define COMMON_WALK

// n / d for n < 2^31 and d >= 2, with multiplier = ceil(2^(31+s) / d) and shift = s - 1, where 2^(s-1) < d <= 2^s.
uint divide_by(uint n, uint multiplier, uint shift) {
  uint high, low;
  umulExtended(n, multiplier, high, low);
  return high >> shift;
}

#endif
