// Exponentials and logarithms by our own reductions and polynomials, within 4 units in the last place of f32: the same
// bits on every device that rounds sums, products and quotients as IEEE 754 does. Drivers' own differ from each other,
// and have been seen to give inf for exp(NaN), and a number for the logarithm of NaN, of 0 and of what is below.
#ifndef COMMON_EXPONENTIAL
#define COMMON_EXPONENTIAL

#include "common/special.glsl"

const float kLn2 = 0.6931471805599453;
const float kLog2E = 1.4426950408889634;

float infinity() { return uintBitsToFloat(0x7f800000u); }
float power_of_two(int e) { return uintBitsToFloat(uint(e + 127) << 23); }

// 2^n e^r for |r| <= ln(2) / 2 and |n| <= 200: Taylor's series to r^7, and the scale in two steps, because 2^n alone may
// overflow. A result below 2^-126 is 0: some devices keep subnormal numbers, others do not.
float scaled_exp(float n, float r) {
  const float p = 1.0 + r * (1.0 + r * (0.5 + r * (0.16666667163 + r * (0.0416666679 + r * (0.0083333338 +
                  r * (0.0013888889 + r * 0.00019841270))))));
  const int e = int(n), half_e = e / 2, rest = e - half_e;
  const float scaled = p * power_of_two(half_e);
  return scaled < power_of_two(-126 - min(rest, 0)) ? 0.0 : scaled * power_of_two(rest);
}

// NaN leaves first: a conversion of it to an integer has made lavapipe 26 forget the choice between the two.
// x = n ln 2 + r; ln 2 as two numbers, of which the first has few bits: its product with n is exact.
float exact_exp(float x) {
  if (is_nan(x)) return x;
  const float within = kept_clamp(x, -110.0, 95.0), n = roundEven(within * kLog2E);
  precise float r = within - n * 0.693359375;
  r = r + n * 2.12194440e-4;
  return scaled_exp(n, r);
}
vec4 exact_exp(vec4 v) { return vec4(exact_exp(v.x), exact_exp(v.y), exact_exp(v.z), exact_exp(v.w)); }

float exact_exp2(float x) {
  if (is_nan(x)) return x;
  const float within = kept_clamp(x, -160.0, 140.0), n = roundEven(within);
  return scaled_exp(n, (within - n) * kLn2);
}

// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)). For finite x above 0.
float fraction_of(float x, out float e) {
  const bool tiny = x < 1.17549435e-38;
  const uint bits = floatBitsToUint(tiny ? x * 8388608.0 : x);
  const uint shifted = bits - 0x3f3504f3u;  // so that the exponent changes at sqrt(1/2)
  e = float(int(shifted) >> 23) - (tiny ? 23.0 : 0.0);
  return uintBitsToFloat((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0;
}

// What the logarithm of (1 + s) / (1 - s) has past 2 s, halved: for z = s^2.
float log_tail(float s, float z) {
  return s * z * (0.3333333433 + z * (0.2 + z * (0.1428571492 + z * (0.1111111119 + z * 0.0909090936))));
}

// The logarithm of 1 + f by s = f / (2 + f).
float log_of_mantissa(float x, out float e) {
  const float f = fraction_of(x, e);
  const float s = f / (2.0 + f);
  return 2.0 * s + 2.0 * log_tail(s, s * s);
}

// What a logarithm is where it is no number of its own.
bool log_is_special(float x) { return !(x > 0.0) || is_infinite(x); }
float log_special(float x) { return x == 0.0 ? -infinity() : (x > 0.0 ? x : not_a_number()); }

float exact_log(float x) {
  float e;
  const float m = log_of_mantissa(x, e);
  return log_is_special(x) ? log_special(x) : e * 0.693359375 + (m - e * 2.12194440e-4);
}
float exact_log2(float x) {
  float e;
  const float m = log_of_mantissa(x, e);
  return log_is_special(x) ? log_special(x) : e + m * kLog2E;
}

#endif
