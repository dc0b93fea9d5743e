// Sums and maxima over a workgroup, in a fixed order, so that a run can be repeated bit for bit. Needs `//@ variants
// REDUCE = subgroup shared`: the first through subgroup operations, the second through shared memory alone.
// Every invocation of the workgroup must call them, and gets the result.
#ifndef COMMON_REDUCE
#define COMMON_REDUCE

#ifdef REDUCE_subgroup
// One slot a subgroup; a workgroup has at most workgroup_size subgroups, and in practice far fewer.
shared float reduce_partial[workgroup_size];

#define DEFINE_WORKGROUP_REDUCE(name, combine, subgroup_combine, identity)  \
  float name(float v) {                                                    \
    v = subgroup_combine(v);                                               \
    if (gl_NumSubgroups == 1) return v;                                    \
    barrier();                                                             \
    if (subgroupElect()) reduce_partial[gl_SubgroupID] = v;                \
    barrier();                                                             \
    float r = identity;                                                    \
    for (uint i = 0; i < gl_NumSubgroups; ++i) r = combine(r, reduce_partial[i]); \
    return r;                                                              \
  }
#else
shared float reduce_partial[workgroup_size];

#define DEFINE_WORKGROUP_REDUCE(name, combine, subgroup_combine, identity)  \
  float name(float v) {                                                    \
    barrier();                                                             \
    reduce_partial[lane()] = v;                                            \
    barrier();                                                             \
    for (uint stride = workgroup_size / 2; stride > 0; stride >>= 1) {     \
      if (lane() < stride)                                                 \
        reduce_partial[lane()] = combine(reduce_partial[lane()], reduce_partial[lane() + stride]); \
      barrier();                                                           \
    }                                                                      \
    return reduce_partial[0];                                              \
  }
#endif

float reduce_plus(float a, float b) { return a + b; }
float reduce_max(float a, float b) { return max(a, b); }
DEFINE_WORKGROUP_REDUCE(workgroup_sum, reduce_plus, subgroupAdd, 0.0)
DEFINE_WORKGROUP_REDUCE(workgroup_max, reduce_max, subgroupMax, uintBitsToFloat(0xff800000u))

#endif
