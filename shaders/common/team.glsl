// Rows, and who works on each: the constant `team` (common/team.h), which `params.rows_per_group` rows a workgroup go with.
// Members of a team walk their row by turns, four elements to a member in each, neighbours where `wide` says that rows
// begin on groups of four. Needs `//@ variants REDUCE = subgroup shared`.
#ifndef COMMON_TEAM
#define COMMON_TEAM
#include "common/index.glsl"
#include "common/reduce.glsl"
#include "common/vector.glsl"
#include "common/sum4.glsl"

#ifdef REDUCE_subgroup
#define TEAM_OF_SUBGROUP(subgroup, other) (team == TEAM_SUBGROUP ? subgroup : other)
#else
#define TEAM_OF_SUBGROUP(subgroup, other) other
#endif
#define TEAM_CHOICE(workgroup, subgroup, invocation) \
  (team == TEAM_INVOCATION ? invocation : TEAM_OF_SUBGROUP(subgroup, workgroup))

uint member() { return TEAM_CHOICE(lane(), gl_SubgroupInvocationID, 0u); }
uint members() { return TEAM_CHOICE(workgroup_size, gl_SubgroupSize, 1u); }

// In a fixed order; every member must call, and gets the result.
float team_sum(float v) { return TEAM_CHOICE(workgroup_sum(v), subgroupAdd(v), v); }
float team_max(float v) { return TEAM_CHOICE(workgroup_max(v), subgroupMax(v), v); }

// The rows of this team. How often the loop runs is the same for all members.
uint first_row() { return workgroup_index() * params.rows_per_group + TEAM_CHOICE(0u, gl_SubgroupID, lane()); }
uint end_row() { return min(params.rows, (workgroup_index() + 1) * params.rows_per_group); }
uint row_step() { return TEAM_CHOICE(1u, gl_NumSubgroups, workgroup_size); }
#define FOR_ROWS_OF_TEAM(row) for (uint row = first_row(); row < end_row(); row += row_step())

// A row by turns: element `at`, and three more `spread()` apart, as far as the row goes. A row of at most HELD turns can
// stay in registers: then the constant `held` tells how many; and COLUMNS can be one.
#define HELD 8
#ifndef COLUMNS
#define COLUMNS params.cols
#endif
uint spread() { return wide != 0 ? 1u : members(); }
uint turn_at(uint turn) { return (wide != 0 ? 4 * member() : member()) + 4 * members() * turn; }
#define FOR_TURNS_OF_MEMBER(at) for (uint at = turn_at(0); at < params.cols; at += 4 * members())
#define FOR_TURNS_HELD(turn) [[unroll]] for (uint turn = 0; turn < HELD; ++turn) if (turn < held)

// Defines name(base, at): the four elements of a turn in the row that begins at `base`; `filler` past its end. `buf` and
// `buf4` are one binding, of T and of T4.
#define DEFINE_TEAM_LOAD(name, buf, buf4, filler)                                          \
  vec4 name(uint base, uint at) {                                                          \
    if (wide != 0) return LOAD4(buf4, (base + at) / 4);                                    \
    vec4 v = vec4(filler);                                                                 \
    [[unroll]] for (uint k = 0; k < 4; ++k)                                                \
      if (at + k * spread() < COLUMNS) v[k] = LOAD(buf, base + at + k * spread());     \
    return v;                                                                              \
  }
#define DEFINE_TEAM_STORE(name, buf, buf4)                                                 \
  void name(uint base, uint at, vec4 v) {                                                  \
    if (wide != 0) {                                                                       \
      STORE4(buf4, (base + at) / 4, v);                                                    \
    } else {                                                                               \
      [[unroll]] for (uint k = 0; k < 4; ++k)                                              \
        if (at + k * spread() < COLUMNS) STORE(buf, base + at + k * spread(), v[k]);   \
    }                                                                                      \
  }

float max4(vec4 v) { return max(max(v.x, v.y), max(v.z, v.w)); }

#endif
