// y = f(a, b), elementwise, with operands stretched where their stride is 0. One invocation per four consecutive
// elements of y. Where the last axis allows it (`wide`) it moves 16 bytes at a time and works out its place once; else
// element by element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "binary.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/walk.glsl"

layout(binding = 0) readonly buffer A1 { uint a1[]; };
layout(binding = 0) readonly buffer A2 { uvec2 a2[]; };
layout(binding = 0) readonly buffer A4 { uvec4 a4[]; };
layout(binding = 1) readonly buffer B1 { uint b1[]; };
layout(binding = 1) readonly buffer B2 { uvec2 b2[]; };
layout(binding = 1) readonly buffer B4 { uvec4 b4[]; };
layout(binding = 2) buffer Y1 { uint y1[]; };
layout(binding = 2) buffer Y2 { uvec2 y2[]; };
layout(binding = 2) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(a_one, a_four, format, a1, a2, a4)
DEFINE_READER(b_one, b_four, format, b1, b2, b4)
DEFINE_WRITER(y_four, format, y1, y2, y4)

// a^b. Small whole exponents by multiplication: exact for whole numbers, and right for negative a.
float power(float a, float b) {
  const float magnitude = abs(b);
  if (magnitude == floor(magnitude) && magnitude <= 64.0) {
    float r = 1.0;
    float square = a;
    for (uint n = uint(magnitude); n != 0; n >>= 1) {
      if ((n & 1u) != 0) r *= square;
      square *= square;
    }
    return b < 0.0 ? 1.0 / r : r;
  }
  return pow(a, b);
}

float combine(float a, float b) {
  switch (function) {
    case BINARY_SUBTRACT: return a - b;
    case BINARY_MULTIPLY: return a * b;
    case BINARY_DIVIDE: return a / b;
    case BINARY_MINIMUM: return a <= b || is_nan(a) ? a : b;
    case BINARY_MAXIMUM: return a >= b || is_nan(a) ? a : b;
    case BINARY_POW: return power(a, b);
    case BINARY_EQUAL: return a == b ? 1.0 : 0.0;
    case BINARY_NOT_EQUAL: return a == b ? 0.0 : 1.0;
    case BINARY_LESS: return a < b ? 1.0 : 0.0;
    case BINARY_LESS_EQUAL: return a <= b ? 1.0 : 0.0;
    case BINARY_GREATER: return a > b ? 1.0 : 0.0;
    case BINARY_GREATER_EQUAL: return a >= b ? 1.0 : 0.0;
  }
  return a + b;
}

int combine(int a, int b) {
  switch (function) {
    case BINARY_SUBTRACT: return a - b;
    case BINARY_MULTIPLY: return a * b;
    case BINARY_DIVIDE: return a / b;
    case BINARY_MINIMUM: return min(a, b);
    case BINARY_MAXIMUM: return max(a, b);
    case BINARY_EQUAL: return int(a == b);
    case BINARY_NOT_EQUAL: return int(a != b);
    case BINARY_LESS: return int(a < b);
    case BINARY_LESS_EQUAL: return int(a <= b);
    case BINARY_GREATER: return int(a > b);
    case BINARY_GREATER_EQUAL: return int(a >= b);
  }
  return a + b;
}

uint combine_bits(uint a, uint b) {
  if (format == FORMAT_I32) return uint(combine(int(a), int(b)));
  return floatBitsToUint(combine(uintBitsToFloat(a), uintBitsToFloat(b)));
}

// Where element n of the result (or group n, if wide) finds its operands.
void locate(uint n, out uint a, out uint b) {
  a = 0;
  b = 0;
  [[unroll]] for (uint axis = rank; axis > 1;) {
    --axis;
    const uint outer = divide_by(n, params.multiplier[axis], (params.shifts >> (5 * axis)) & 31u);
    const uint at = n - outer * params.extent[axis];
    a += at * params.stride_a[axis];
    b += at * params.stride_b[axis];
    n = outer;
  }
  a += n * params.stride_a[0];
  b += n * params.stride_b[0];
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  uvec4 r = uvec4(0);
  uint a, b;
  if (wide != 0 && first + 4 <= params.count) {
    locate(quad, a, b);
    const uvec4 va = inner_a != 0 ? a_four(a) : uvec4(a_one(a));
    const uvec4 vb = inner_b != 0 ? b_four(b) : uvec4(b_one(b));
    for (uint i = 0; i < 4; ++i) r[i] = combine_bits(va[i], vb[i]);
    y_four(quad, r, 4);
    return;
  }
  const uint n = min(4, params.count - first);
  for (uint i = 0; i < n; ++i) {
    // Only a single folded axis can be wide and leave a tail: there a group's place is the element's own.
    if (wide != 0) {
      a = inner_a != 0 ? first + i : 0;
      b = inner_b != 0 ? first + i : 0;
    } else {
      locate(first + i, a, b);
    }
    r[i] = combine_bits(a_one(a), b_one(b));
  }
  y_four(quad, r, n);
}
