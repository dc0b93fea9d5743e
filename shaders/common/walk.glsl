// Walking tensors over one index space by its digits, outermost axis first. Divisions by an extent that the host knows
// are a multiplication and a shift; the next elements are found by carrying.
#ifndef COMMON_WALK
#define COMMON_WALK

// n / d for n < 2^31 and d >= 2, with multiplier = ceil(2^(31+s) / d) and shift = s - 1, where 2^(s-1) < d <= 2^s.
uint divide_by(uint n, uint multiplier, uint shift) {
  uint high, low;
  umulExtended(n, multiplier, high, low);
  return high >> shift;
}

// Defines, for a kernel whose params hold `extent`, `multiplier` and `shifts` and which has a constant `rank` of at most
// `axes`. Loops run over all axes and leave out those past `rank`: with their bounds in the shader every compiler unrolls
// them, and the digits stay in registers (NVIDIA's open driver kept them in memory when `rank` was the bound, Mesa 25.0 in
// software where a loop counted down).
// The digits are an array longer than any of a block by one, which nothing uses: glslang 15 gives arrays of one element type and
// length one type, and that of a block has a stride, which no variable outside of a block may have.
//   walk_start(n)  goes to element n
//   walk_next()    goes to the one after it
#define DEFINE_WALK(axes)                                                                                \
  uint walk[axes + 1];                                                                                   \
  void walk_start(uint n) {                                                                              \
    [[unroll]] for (uint from_last = 1; from_last < axes; ++from_last) {                                 \
      const uint axis = axes - from_last;                                                                \
      if (axis >= rank) continue;                                                                        \
      const uint outer = divide_by(n, params.multiplier[axis], (params.shifts >> (5 * axis)) & 31u);     \
      walk[axis] = n - outer * params.extent[axis];                                                      \
      n = outer;                                                                                         \
    }                                                                                                    \
    walk[0] = n;                                                                                         \
  }                                                                                                      \
  void walk_next() {                                                                                     \
    uint carry = 1;                                                                                      \
    [[unroll]] for (uint from_last = 1; from_last < axes; ++from_last) {                                 \
      const uint axis = axes - from_last;                                                                \
      if (axis >= rank) continue;                                                                        \
      const uint at = walk[axis] + carry;                                                                \
      carry = at >= params.extent[axis] ? 1 : 0;                                                         \
      walk[axis] = carry != 0 ? 0 : at;                                                                  \
    }                                                                                                    \
    walk[0] += carry;                                                                                    \
  }

// Defines place(): where a tensor with these strides is at.
#define DEFINE_PLACE(place, strides)                                                                     \
  uint place() {                                                                                         \
    uint at = 0;                                                                                         \
    [[unroll]] for (uint axis = 0; axis + 1 < walk.length(); ++axis) {                                   \
      if (axis < rank) at += walk[axis] * strides[axis];                                                 \
    }                                                                                                    \
    return at;                                                                                           \
  }

#endif
