// y = f(a, b), elementwise, with operands stretched where their stride is 0. One invocation per four consecutive
// elements of y, or per `run` such groups one after the other where working out its place costs more than moving. Where
// the last axis allows it (`wide`) it moves 16 bytes at a time; else element by element.
//@ variants FUNCTIONS = arithmetic elementary
#version 450
#extension GL_GOOGLE_include_directive : require
#include "binary.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/walk.glsl"
#ifdef FUNCTIONS_elementary
#include "common/unary_functions.h"
#include "common/elementary.glsl"
#else
#include "common/special.glsl"
#endif

layout(binding = 0) readonly buffer A1 { uint a1[]; };
layout(binding = 0) readonly buffer A2 { uvec2 a2[]; };
layout(binding = 0) readonly buffer A4 { uvec4 a4[]; };
layout(binding = 1) readonly buffer B1 { uint b1[]; };
layout(binding = 1) readonly buffer B2 { uvec2 b2[]; };
layout(binding = 1) readonly buffer B4 { uvec4 b4[]; };
layout(binding = 2) buffer Y1 { uint y1[]; };
layout(binding = 2) buffer Y2 { uvec2 y2[]; };
layout(binding = 2) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(a_one, a_four, format_a, a1, a2, a4)
DEFINE_READER(b_one, b_four, format_b, b1, b2, b4)
DEFINE_WRITER(y_four, result_format, y1, y2, y4)

#ifdef FUNCTIONS_elementary

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
  const float result = positive_power(base, b);
  return a < 0.0 && odd ? -result : result;
}

// What is left of a when b is taken away as often as it fits, with the sign of a; exact, by long division of the 24 bits, eight
// places of the quotient at a time.
float exact_fmod(float a, float b) {
  if (is_nan(a) || is_nan(b) || is_infinite(a)) return not_a_number();
  const uint size_a = floatBitsToUint(a) & 0x7fffffffu, size_b = floatBitsToUint(b) & 0x7fffffffu;
  if (size_b == 0u) return not_a_number();  // by its bits: b may be below 2^-126, and a comparison take that for 0
  if (size_a < size_b) return a;
  const uint exponent_b = max(size_b >> 23, 1u);
  const uint mantissa_b = (size_b & 0x007fffffu) | (size_b >= 0x00800000u ? 0x00800000u : 0u);
  uint places = max(size_a >> 23, 1u) - exponent_b;
  uint rest = ((size_a & 0x007fffffu) | (size_a >= 0x00800000u ? 0x00800000u : 0u)) % mantissa_b;
  while (places > 0u && rest != 0u) {
    const uint now = min(places, 8u);
    rest = (rest << now) % mantissa_b;
    places -= now;
  }
  const uint sign = floatBitsToUint(a) & 0x80000000u;
  if (rest == 0u) return uintBitsToFloat(sign);
  const uint shift = 23u - uint(findMSB(rest));
  const uint bits = exponent_b > shift ? ((rest << shift) & 0x007fffffu) | ((exponent_b - shift) << 23)
                                       : rest << (exponent_b - 1u);
  return uintBitsToFloat(sign | bits);
}

// The same with the sign of b.
float exact_remainder(float a, float b) {
  const float rest = exact_fmod(a, b);
  const uint bits = floatBitsToUint(rest);
  const bool other = (bits & 0x7fffffffu) != 0u && ((bits ^ floatBitsToUint(b)) & 0x80000000u) != 0u;
  return other && !is_nan(rest) ? rest + b : rest;
}

float exact_atan2(float y, float x) {
  if (is_nan(x) || is_nan(y)) return not_a_number();
  const float ay = abs(y), ax = abs(x);
  // The angle within the first eighth, from which the others follow; both infinite are as far as each other.
  const float low = min(ax, ay), high = max(ax, ay);
  float angle = high == 0.0 ? 0.0 : (is_infinite(low) ? 0.5 * kHalfPi : exact_atan(low / high));
  if (ay > ax) angle = kHalfPi - angle;
  if (floatBitsToInt(x) < 0) angle = 2.0 * kHalfPi - angle;
  return with_sign(angle, y);
}

float combine(float a, float b) {
  switch (function) {
    case BINARY_FMOD: return exact_fmod(a, b);
    case BINARY_REMAINDER: return exact_remainder(a, b);
    case BINARY_ATAN2: return exact_atan2(a, b);
  }
  return power(a, b);
}

#else

float combine(float a, float b) {
  switch (function) {
    case BINARY_SUBTRACT: return a - b;
    case BINARY_MULTIPLY: return a * b;
    case BINARY_DIVIDE: return a / b;
    case BINARY_MINIMUM: return kept_min(a, b);
    case BINARY_MAXIMUM: return kept_max(a, b);
    case BINARY_EQUAL: return a == b ? 1.0 : 0.0;
    case BINARY_NOT_EQUAL: return a == b ? 0.0 : 1.0;
    case BINARY_LESS: return a < b ? 1.0 : 0.0;
    case BINARY_LESS_EQUAL: return a <= b ? 1.0 : 0.0;
    case BINARY_GREATER: return a > b ? 1.0 : 0.0;
    case BINARY_GREATER_EQUAL: return a >= b ? 1.0 : 0.0;
  }
  return a + b;
}

#endif

// GLSL leaves % of negative numbers open.
int whole_fmod(int a, int b) { return b == 0 || b == -1 ? 0 : a - a / b * b; }

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
    case BINARY_FMOD: return whole_fmod(a, b);
    case BINARY_REMAINDER: {
      const int rest = whole_fmod(a, b);
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
  }
  return a + b;
}

// The same without a sign; the writer keeps the bits that the type has.
uint combine(uint a, uint b) {
  switch (function) {
    case BINARY_SUBTRACT: return a - b;
    case BINARY_MULTIPLY: return a * b;
    case BINARY_DIVIDE: return b == 0u ? 0u : a / b;
    case BINARY_MINIMUM: return min(a, b);
    case BINARY_MAXIMUM: return max(a, b);
    case BINARY_EQUAL: return uint(a == b);
    case BINARY_NOT_EQUAL: return uint(a != b);
    case BINARY_LESS: return uint(a < b);
    case BINARY_LESS_EQUAL: return uint(a <= b);
    case BINARY_GREATER: return uint(a > b);
    case BINARY_GREATER_EQUAL: return uint(a >= b);
    case BINARY_FMOD:
    case BINARY_REMAINDER: return b == 0u ? 0u : a % b;
  }
  return a + b;
}

// A boolean beside another type is 0 or 1 in that.
uint promoted(uint bits, uint from) {
  return from == FORMAT_BOOL && !format_is_integer(format) ? floatBitsToUint(float(bits)) : bits;
}

uint combine_bits(uint a, uint b) {
  if (!format_is_integer(format)) {
    const float v = combine(uintBitsToFloat(promoted(a, format_a)), uintBitsToFloat(promoted(b, format_b)));
    return result_format == FORMAT_BOOL ? uint(v) : floatBitsToUint(v);
  }
  const uint v = format == FORMAT_I32 ? uint(combine(int(a), int(b))) : combine(a, b);
  return result_format == FORMAT_BOOL ? uint(v != 0u) : v;
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
