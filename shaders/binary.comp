// y = f(a, b), elementwise, with operands stretched where their stride is 0. One invocation per four consecutive
// elements of y, or per `run` such groups one after the other where working out its place costs more than moving. Where
// the last axis allows it (`wide`) it moves 16 bytes at a time; else element by element.
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

// a^b, as C has it for 0, infinities and NaN. Small whole exponents by multiplication: exact for whole numbers.
float power(float a, float b) {
  if (b == 0.0 || a == 1.0) return 1.0;
  if (is_nan(a) || is_nan(b)) return not_a_number();
  const float magnitude = abs(b), base = abs(a);
  const bool whole = magnitude == floor(magnitude);
  const bool odd = whole && magnitude < 16777216.0 && (uint(magnitude) & 1u) != 0;
  const float infinity = uintBitsToFloat(0x7f800000u);
  if (is_infinite(b)) return base == 1.0 ? 1.0 : ((base > 1.0) == (b > 0.0) ? infinity : 0.0);
  if (base == 0.0 || is_infinite(a)) {
    const float end = (base == 0.0) == (b > 0.0) ? 0.0 : infinity;
    return odd && floatBitsToInt(a) < 0 ? -end : end;
  }
  if (a < 0.0 && !whole) return not_a_number();
  if (whole && magnitude <= 64.0) {
    float r = 1.0;
    float square = a;
    for (uint n = uint(magnitude); n != 0; n >>= 1) {
      if ((n & 1u) != 0) r *= square;
      square *= square;
    }
    return b < 0.0 ? 1.0 / r : r;
  }
  const float result = pow(base, b);
  return a < 0.0 && odd ? -result : result;
}

float combine(float a, float b) {
  switch (function) {
    case BINARY_SUBTRACT: return a - b;
    case BINARY_MULTIPLY: return a * b;
    case BINARY_DIVIDE: return a / b;
    case BINARY_MINIMUM: return kept_min(a, b);
    case BINARY_MAXIMUM: return kept_max(a, b);
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

// Modulo 2^32; what is divided by 0 is 0.
int combine(int a, int b) {
  switch (function) {
    case BINARY_SUBTRACT: return a - b;
    case BINARY_MULTIPLY: return a * b;
    case BINARY_DIVIDE: return b == 0 ? 0 : b == -1 ? -a : a / b;
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

DEFINE_WALK(WALK_AXES)
DEFINE_PLACE(a_place, params.stride_a)
DEFINE_PLACE(b_place, params.stride_b)

uvec4 combine_quad(uint a_at, uint b_at) {
  const uvec4 a = inner_a != 0 ? a_four(a_at) : uvec4(a_one(a_at));
  const uvec4 b = inner_b != 0 ? b_four(b_at) : uvec4(b_one(b_at));
  return uvec4(combine_bits(a.x, b.x), combine_bits(a.y, b.y), combine_bits(a.z, b.z), combine_bits(a.w, b.w));
}

// Up to four elements, one by one.
void combine_some(uint first) {
  const uint n = min(4, params.count - first);
  uvec4 r = uvec4(0);
  if (wide == 0) walk_start(first);
  for (uint i = 0; i < n; ++i) {
    if (wide == 0) {
      r[i] = combine_bits(a_one(a_place()), b_one(b_place()));
      walk_next();
    } else {  // one folded axis, and the tail that it leaves
      r[i] = combine_bits(a_one(inner_a != 0 ? first + i : 0), b_one(inner_b != 0 ? first + i : 0));
    }
  }
  y_four(first / 4, r, n);
}

void main() {
  const uint unit = invocation_index();
  const uint first = unit * 4 * run;
  if (first >= params.count) return;
  if (wide == 0 || first + 4 > params.count) {
    combine_some(first);
    return;
  }
  walk_start(unit);
  const uint a_at = a_place();
  const uint b_at = b_place();
  [[unroll]] for (uint i = 0; i < run; ++i)
    y_four(unit * run + i, combine_quad(inner_a != 0 ? a_at + i : a_at, inner_b != 0 ? b_at + i : b_at), 4);
}
