// Gathers elements that lie `inner` apart. One invocation per four results side by side (per four in a row where inner
// is odd), walking along the depth; a long depth is cut into chunks, whose results a second launch gathers.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "reduce_columns.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/walk.glsl"
#include "common/reduction.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) buffer Y1 { uint y1[]; };
layout(binding = 1) buffer Y2 { uvec2 y2[]; };
layout(binding = 1) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_WRITER(y_four, result_format, y1, y2, y4)

// The number of the first element that goes into a result, in results (or groups of four, where inner is given in such).
uint start_of(uint result, uint inner) {
  if (layout_of == REDUCE_LAYOUT_INNER) return result;
  if (layout_of == REDUCE_LAYOUT_OUTER) return result * params.depth;
  const uint outer = divide_by(result, params.inner_multiplier, params.inner_shift);
  return outer * inner * params.depth + (result - outer * inner);
}

void main() {
  const uint each = wide != 0 || format_is_half(result_format) ? 4 : 1;
  const uint per_chunk = (params.outputs + each - 1) / each;
  const uint invocation = invocation_index();
  const uint chunk = params.chunks == 1 ? 0 : invocation / per_chunk;
  if (chunk >= params.chunks) return;
  const uint unit = invocation - chunk * per_chunk;
  if (unit >= per_chunk) return;
  const uint begin = chunk * params.chunk_depth;
  const uint end = min(begin + params.chunk_depth, params.depth);

  if (wide != 0) {
    const uint quads = params.inner / 4;
    const uint from = start_of(unit, quads);
    vec4 sums = vec4(reduction_start());
    for (uint i = begin; i < end; ++i) sums = reduction_add(sums, uintBitsToFloat(x_four(from + i * quads)));
    sums = vec4(reduction_finish(sums.x), reduction_finish(sums.y), reduction_finish(sums.z), reduction_finish(sums.w));
    y_four(chunk * per_chunk + unit, floatBitsToUint(sums), 4);
    return;
  }
  uvec4 r = uvec4(0);
  const uint count = min(each, params.outputs - unit * each);
  for (uint k = 0; k < count; ++k) {
    const uint from = start_of(unit * each + k, params.inner);
    float sum = reduction_start();
    for (uint i = begin; i < end; ++i) sum = reduction_add(sum, uintBitsToFloat(x_one(from + i * params.inner)));
    r[k] = floatBitsToUint(reduction_finish(sum));
  }
  // Partial results are f32, so a chunk need not begin on a word boundary of a narrower format.
  if (each == 1) {
    y1[chunk * params.outputs + unit] = r.x;
  } else {
    y_four(unit, r, count);
  }
}
