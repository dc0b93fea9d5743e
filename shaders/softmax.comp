// softmax or its logarithm along rows. A team per row, which keeps it in registers, or reads a long one twice: for the
// maximum and the sum of exp together, then for the result. Accumulates in f32 for every T.
//@ variants T = f32 f16 bf16 f16p bf16p
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "softmax.h"
#include "common/types.glsl"
#include "common/exponential.glsl"
#define COLUMNS (held != 0 ? cols : params.cols)
#include "common/team.glsl"

layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 0) readonly buffer X4 { T4 x4[]; };
layout(binding = 1) WRITTEN buffer Y { T y[]; };
layout(binding = 1) WRITTEN buffer Y4 { T4 y4[]; };

DEFINE_TEAM_LOAD(load_x, x, x4, -INFINITY)
DEFINE_TEAM_STORE(store_y, y, y4)

vec4 result(vec4 v, vec4 exp_v, float total) {
  // The logarithm is subtracted last: top may be large, and top + log(total) would lose its digits.
  return logarithm != 0 ? v - exact_log(total) : exp_v * (1.0 / total);
}

void held_row(uint base) {
  vec4 v[HELD];
  float top = LOWEST, total = 0.0;
  FOR_TURNS_HELD(turn) {
    v[turn] = vec4(-INFINITY);
    if (turn_at(turn) < COLUMNS) v[turn] = load_x(base, turn_at(turn));
    top = max(top, max4(v[turn]));
  }
  top = team_max(top);
  FOR_TURNS_HELD(turn) {
    v[turn] -= top;
    const vec4 e = exact_exp(v[turn]);
    total += sum4(e);
    if (logarithm == 0) v[turn] = e;
  }
  total = team_sum(total);
  FOR_TURNS_HELD(turn) if (turn_at(turn) < COLUMNS) store_y(base, turn_at(turn), result(v[turn], v[turn], total));
}

void long_row(uint base) {
  float top = LOWEST, total = 0.0;  // the sum is of exp(x - top)
  FOR_TURNS_OF_MEMBER(at) {
    const vec4 v = load_x(base, at);
    const float above = max(top, max4(v));
    total = total * exact_exp(top - above) + sum4(exact_exp(v - above));
    top = above;
  }
  const float own = top;
  top = team_max(own);
  total = team_sum(total * exact_exp(own - top));
  FOR_TURNS_OF_MEMBER(at) {
    const vec4 v = load_x(base, at) - top;
    store_y(base, at, result(v, exact_exp(v), total));
  }
}

void main() {
  FOR_ROWS_OF_TEAM(row) {
    if (held != 0) held_row(row * params.cols);
    else long_row(row * params.cols);
  }
}
