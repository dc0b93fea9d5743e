// dx = y * (dy - sum(y * dy)) for softmax, dx = dy - exp(y) * sum(dy) for its logarithm. A team per row.
//@ variants T = f32 f16 bf16 f16p bf16p
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "softmax_backward.h"
#include "common/types.glsl"
#include "common/exponential.glsl"
#define COLUMNS (held != 0 ? cols : params.cols)
#include "common/team.glsl"

layout(binding = 0) readonly buffer Y { T y[]; };
layout(binding = 0) readonly buffer Y4 { T4 y4[]; };
layout(binding = 1) readonly buffer DY { T dy[]; };
layout(binding = 1) readonly buffer DY4 { T4 dy4[]; };
layout(binding = 2) WRITTEN buffer DX { T dx[]; };
layout(binding = 2) WRITTEN buffer DX4 { T4 dx4[]; };

DEFINE_TEAM_LOAD(load_y, y, y4, 0.0)
DEFINE_TEAM_LOAD(load_dy, dy, dy4, 0.0)
DEFINE_TEAM_STORE(store_dx, dx, dx4)

float product(vec4 v, vec4 g) { return sum4(logarithm != 0 ? g : v * g); }
vec4 result(vec4 v, vec4 g, float total) { return logarithm != 0 ? g - exact_exp(v) * total : v * (g - total); }

void held_row(uint base) {
  vec4 v[HELD], g[HELD];
  float total = 0.0;
  FOR_TURNS_HELD(turn) {
    v[turn] = g[turn] = vec4(0.0);
    if (turn_at(turn) < COLUMNS) {
      v[turn] = load_y(base, turn_at(turn));
      g[turn] = load_dy(base, turn_at(turn));
    }
    total += product(v[turn], g[turn]);
  }
  total = team_sum(total);
  FOR_TURNS_HELD(turn)
    if (turn_at(turn) < COLUMNS) store_dx(base, turn_at(turn), result(v[turn], g[turn], total));
}

void long_row(uint base) {
  float total = 0.0;
  FOR_TURNS_OF_MEMBER(at) total += product(load_y(base, at), load_dy(base, at));
  total = team_sum(total);
  FOR_TURNS_OF_MEMBER(at) store_dx(base, at, result(load_y(base, at), load_dy(base, at), total));
}

void main() {
  FOR_ROWS_OF_TEAM(row) {
    if (held != 0) held_row(row * params.cols);
    else long_row(row * params.cols);
  }
}
