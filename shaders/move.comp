// y[i, j, ...] = x[offset + i stride_i + j stride_j + ...]: slices, permutations, stretched tensors. One invocation per
// four consecutive elements of y, or per `run` such groups; whatever the elements mean, they are moved as bits.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "move.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/walk.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) buffer Y1 { uint y1[]; };
layout(binding = 1) buffer Y2 { uvec2 y2[]; };
layout(binding = 1) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_WRITER(y_four, format, y1, y2, y4)

DEFINE_WALK(WALK_AXES)
DEFINE_PLACE(x_place, params.stride)

void main() {
  const uint unit = invocation_index();
  const uint first = unit * 4 * run;
  if (first >= params.count) return;
  walk_start(wide != 0 ? unit : first);
  if (wide != 0) {
    const uint at = params.offset + x_place();
    [[unroll]] for (uint i = 0; i < run; ++i) y_four(unit * run + i, inner != 0 ? x_four(at + i) : uvec4(x_one(at)), 4);
    return;
  }
  const uint n = min(4, params.count - first);
  uvec4 r = uvec4(0);
  for (uint i = 0; i < n; ++i) {
    r[i] = x_one(params.offset + x_place());
    walk_next();
  }
  y_four(unit, r, n);
}
