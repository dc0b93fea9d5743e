// y = condition != 0 ? a : b, elementwise, with operands stretched where their stride is 0. One invocation per four
// consecutive elements of y, as in binary.comp.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "where.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/walk.glsl"

layout(binding = 0) readonly buffer C1 { uint c1[]; };
layout(binding = 0) readonly buffer C2 { uvec2 c2[]; };
layout(binding = 0) readonly buffer C4 { uvec4 c4[]; };
layout(binding = 1) readonly buffer A1 { uint a1[]; };
layout(binding = 1) readonly buffer A2 { uvec2 a2[]; };
layout(binding = 1) readonly buffer A4 { uvec4 a4[]; };
layout(binding = 2) readonly buffer B1 { uint b1[]; };
layout(binding = 2) readonly buffer B2 { uvec2 b2[]; };
layout(binding = 2) readonly buffer B4 { uvec4 b4[]; };
layout(binding = 3) buffer Y1 { uint y1[]; };
layout(binding = 3) buffer Y2 { uvec2 y2[]; };
layout(binding = 3) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(c_one, c_four, condition_format, c1, c2, c4)
DEFINE_READER(a_one, a_four, format, a1, a2, a4)
DEFINE_READER(b_one, b_four, format, b1, b2, b4)
DEFINE_WRITER(y_four, format, y1, y2, y4)

bool holds(uint bits) {
  // -0.0 is zero too.
  return (format_is_integer(condition_format) ? bits : bits & 0x7fffffffu) != 0;
}

DEFINE_WALK(WALK_AXES)
DEFINE_PLACE(c_place, params.stride_c)
DEFINE_PLACE(a_place, params.stride_a)
DEFINE_PLACE(b_place, params.stride_b)

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  uvec4 r = uvec4(0);
  if (wide != 0 && first + 4 <= params.count) {
    walk_start(quad);
    const uvec4 vc = inner_c != 0 ? c_four(c_place()) : uvec4(c_one(c_place()));
    const uvec4 va = inner_a != 0 ? a_four(a_place()) : uvec4(a_one(a_place()));
    const uvec4 vb = inner_b != 0 ? b_four(b_place()) : uvec4(b_one(b_place()));
    r = mix(vb, va, bvec4(holds(vc.x), holds(vc.y), holds(vc.z), holds(vc.w)));
    y_four(quad, r, 4);
    return;
  }
  const uint n = min(4, params.count - first);
  if (wide == 0) walk_start(first);
  for (uint i = 0; i < n; ++i) {
    if (wide == 0) {
      r[i] = holds(c_one(c_place())) ? a_one(a_place()) : b_one(b_place());
      walk_next();
    } else {  // one folded axis, and the tail that it leaves
      r[i] = holds(c_one(inner_c != 0 ? first + i : 0)) ? a_one(inner_a != 0 ? first + i : 0)
                                                        : b_one(inner_b != 0 ? first + i : 0);
    }
  }
  y_four(quad, r, n);
}
