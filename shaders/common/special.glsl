// NaN stays NaN. GLSL's min, max, clamp and sign may each lose it, and then a network trains on with a number that is none.
#ifndef COMMON_SPECIAL
#define COMMON_SPECIAL

bool is_nan(float v) { return (floatBitsToUint(v) & 0x7fffffffu) > 0x7f800000u; }
bool is_infinite(float v) { return (floatBitsToUint(v) & 0x7fffffffu) == 0x7f800000u; }
float not_a_number() { return uintBitsToFloat(0x7fc00000u); }

float kept_max(float a, float b) { return a >= b || is_nan(a) ? a : b; }
float kept_min(float a, float b) { return a <= b || is_nan(a) ? a : b; }
float kept_clamp(float v, float low, float high) { return v < low ? low : (v > high ? high : v); }
float kept_sign(float v) { return v > 0.0 ? 1.0 : (v < 0.0 ? -1.0 : v); }

vec4 kept_max(vec4 a, vec4 b) { return mix(b, a, bvec4(a.x >= b.x || is_nan(a.x), a.y >= b.y || is_nan(a.y),
                                                       a.z >= b.z || is_nan(a.z), a.w >= b.w || is_nan(a.w))); }
vec4 kept_clamp(vec4 v, float low, float high) {
  return vec4(kept_clamp(v.x, low, high), kept_clamp(v.y, low, high), kept_clamp(v.z, low, high),
              kept_clamp(v.w, low, high));
}
vec4 kept_sign(vec4 v) { return vec4(kept_sign(v.x), kept_sign(v.y), kept_sign(v.z), kept_sign(v.w)); }

#endif
