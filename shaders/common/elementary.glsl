// The functions of one operand that stand in no epilogue, numbered from UNARY_EPILOGUES on (common/unary_functions.h), and
// their slopes. By our own reductions and polynomials, within 4 units in the last place of f32: drivers may err by 2^-11
// in sin and cos, and by 2^-21 in a logarithm near 1.
#ifndef COMMON_ELEMENTARY
#define COMMON_ELEMENTARY

#include "common/unary.glsl"

const float kHalfPi = 1.5707963267948966;
const float kSqrtPiHalves = 1.1283791670955126;  // 2 / sqrt(pi)

float with_sign(float magnitude, float of) { return floatBitsToInt(of) < 0 ? -magnitude : magnitude; }

// Exponentials and logarithms -----------------------------------------------------------------------------------------

float exact_expm1(float x) {
  if (abs(x) >= 0.7) return exact_exp(x) - 1.0;
  return x + x * x * (0.5 + x * (0.16666667163 + x * (0.0416666679 + x * (0.0083333338 + x * (0.0013888889 +
         x * (0.00019841270 + x * (2.4801587e-5 + x * (2.7557319e-6 + x * 2.7557319e-7))))))));
}

float exact_log10(float x) {
  if (log_is_special(x)) return log_special(x);
  float e;
  const float m = log_of_mantissa(x, e);
  return e * 0.3010299957 + m * 0.4342944819;
}
// As stable_log1p.
float exact_log1p(float x) {
  precise const float u = 1.0 + x;
  precise const float made = u - 1.0;
  if (made == 0.0) return x;
  return is_infinite(u) ? u : exact_log(u) * (x / made);
}

// Powers -------------------------------------------------------------------------------------------------------------

// a b as two floats, exactly (Dekker, 1971): a fused multiply-add of GLSL need not be one.
vec2 product_pair(float a, float b) {
  precise const float product = a * b, scaled_a = 4097.0 * a, scaled_b = 4097.0 * b;
  precise const float high_a = scaled_a - (scaled_a - a), high_b = scaled_b - (scaled_b - b);
  precise const float low_a = a - high_a, low_b = b - high_b;
  precise const float rest = ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b;
  return vec2(product, rest);
}

// log2(x) as two floats, to about 2^-31 of it.
vec2 log2_pair(float x) {
  float e;
  const float f = fraction_of(x, e);
  precise const float divisor = 2.0 + f, divisor_rest = f - (divisor - 2.0), s = f / divisor;
  const vec2 back = product_pair(s, divisor);
  precise const float s_rest = (((f - back.x) - back.y) - s * divisor_rest) / divisor;
  const float kScale = 2.88539004, kScaleRest = 3.851926e-8;  // 2 / ln 2
  const vec2 whole = product_pair(s, kScale);
  precise const float rest = whole.y + (s * kScaleRest + (s_rest * kScale + kScale * log_tail(s, s * s)));
  precise const float high = e + whole.x;
  precise const float low = (whole.x - (high - e)) + rest;
  return vec2(high, low);
}

// base^b for finite base above 0 and finite b, within 2 units in the last place.
float positive_power(float base, float b) {
  const float within = clamp(b, -1.099511627776e12, 1.099511627776e12);  // past 2^40 only base = 1 leaves a number
  const vec2 logarithm = log2_pair(base), y = product_pair(within, logarithm.x);
  const float n = roundEven(clamp(y.x, -200.0, 200.0));
  precise const float r = (y.x - n) + (y.y + within * logarithm.y);
  return scaled_exp(n, clamp(r, -1.0, 1.0) * kLn2);
}

// Circular functions -------------------------------------------------------------------------------------------------

// 32 bits of 2 / pi, the first 32 of which are 0.
uint two_over_pi(uint word) {
  switch (word) {
    case 1: return 0xa2f9836eu;
    case 2: return 0x4e441529u;
    case 3: return 0xfc2757d1u;
    case 4: return 0xf534ddc0u;
    case 5: return 0xdb629599u;
    case 6: return 0x3c439041u;
    case 7: return 0xfe5163abu;
  }
  return 0u;
}
uint bits_of_two_over_pi(uint word, uint shift) {
  return shift == 0u ? two_over_pi(word) : (two_over_pi(word) << shift) | (two_over_pi(word + 1u) >> (32u - shift));
}

// x = (4 k + quadrant) pi / 2 + r with |r| <= pi / 4, for every finite x (Payne and Hanek): the product of x's 24 bits with
// those 96 of 2 / pi that say what is left modulo 4, in whole numbers.
float reduced(float x, out uint quadrant) {
  quadrant = 0u;
  const uint bits = floatBitsToUint(x), exponent = (bits >> 23) & 255u;
  if (abs(x) < 0.78) return x;
  const uint mantissa = (bits & 0x007fffffu) | 0x00800000u;
  const uint first = exponent - 120u;  // of the bits that count: that of weight 2 in the product with x
  const uint word = first >> 5, shift = first & 31u;
  const uint w0 = bits_of_two_over_pi(word, shift), w1 = bits_of_two_over_pi(word + 1u, shift),
             w2 = bits_of_two_over_pi(word + 2u, shift);
  uint low, low_carry, middle, middle_carry, carry;
  umulExtended(mantissa, w2, low_carry, low);
  umulExtended(mantissa, w1, middle_carry, middle);
  const uint p1 = uaddCarry(middle, low_carry, carry);
  const uint p0 = mantissa * w0 + middle_carry + carry;
  quadrant = p0 >> 30;
  uint high = (p0 << 2) | (p1 >> 30);  // the fraction of a quadrant, as 64 bits
  uint rest = (p1 << 2) | (low >> 30);
  const bool above = high >= 0x80000000u;  // nearer to the next
  if (above) {
    ++quadrant;
    rest = ~rest + 1u;
    high = ~high + (rest == 0u ? 1u : 0u);
  }
  if (floatBitsToInt(x) < 0) quadrant = 0u - quadrant;
  quadrant &= 3u;
  if (high == 0u && rest == 0u) return 0.0;
  const int zeros = 31 - (high != 0u ? findMSB(high) : findMSB(rest) - 32);
  const uint leading = zeros >= 32 ? rest << (zeros - 32) : (zeros == 0 ? high : (high << zeros) | (rest >> (32 - zeros)));
  // In two parts: how more than 24 bits are rounded is the device's.
  const float r = (float(leading >> 8) * 256.0 + float(leading & 255u)) * power_of_two(-32 - zeros) * kHalfPi;
  return above != (floatBitsToInt(x) < 0) ? -r : r;
}
float sin_reduced(float r) {
  const float z = r * r;
  return r + r * z * (-0.16666667163 + z * (0.0083333338 + z * (-0.00019841270 + z * 2.7557319e-6)));
}
float cos_reduced(float r) {
  const float z = r * r;
  return 1.0 - z * (0.5 - z * (0.0416666679 - z * (0.0013888889 - z * (2.4801587e-5 - z * 2.7557319e-7))));
}

float exact_sin(float x) {
  if (is_nan(x) || is_infinite(x)) return not_a_number();
  uint quadrant;
  const float r = reduced(x, quadrant);
  const float y = (quadrant & 1u) == 0u ? sin_reduced(r) : cos_reduced(r);
  return quadrant < 2u ? y : -y;
}
float exact_cos(float x) {
  if (is_nan(x) || is_infinite(x)) return not_a_number();
  uint quadrant;
  const float r = reduced(x, quadrant);
  const float y = (quadrant & 1u) == 0u ? cos_reduced(r) : sin_reduced(r);
  return quadrant == 1u || quadrant == 2u ? -y : y;
}
float exact_tan(float x) {
  if (is_nan(x) || is_infinite(x)) return not_a_number();
  uint quadrant;
  const float r = reduced(x, quadrant);
  return (quadrant & 1u) == 0u ? sin_reduced(r) / cos_reduced(r) : -cos_reduced(r) / sin_reduced(r);
}

// By a polynomial below tan(pi / 8), to which 1 / t and (t - 1) / (t + 1) lead.
float exact_atan(float x) {
  if (is_nan(x)) return x;
  const float t = abs(x);
  float base = 0.0, u = t;
  if (t > 2.414213562) {
    base = kHalfPi;
    u = -1.0 / t;
  } else if (t > 0.4142135624) {
    base = 0.5 * kHalfPi;
    u = (t - 1.0) / (t + 1.0);
  }
  const float z = u * u;
  const float y = base + (u + u * z * (-0.333329491539 + z * (0.199777106478 + z * (-0.138776856032 + z * 0.0805374449538))));
  return with_sign(y, x);
}
// asin(u) - u for u <= 1/2, z = u^2.
float asin_rest(float u, float z) {
  return u * z * (0.16666752422 + z * (0.074953002686 + z * (0.045470025998 + z * (0.024181311049 + z * 0.042163199048))));
}
float exact_asin(float x) {
  const float t = abs(x);
  if (!(t <= 1.0)) return not_a_number();
  if (t <= 0.5) return x + asin_rest(x, x * x);
  const float z = 0.5 * (1.0 - t), u = sqrt(z);
  return with_sign(kHalfPi - 2.0 * (u + asin_rest(u, z)), x);
}
float exact_acos(float x) {
  const float t = abs(x);
  if (!(t <= 1.0)) return not_a_number();
  if (t <= 0.5) return kHalfPi - (x + asin_rest(x, x * x));
  const float z = 0.5 * (1.0 - t), u = sqrt(z), y = 2.0 * (u + asin_rest(u, z));
  return x > 0.0 ? y : 2.0 * kHalfPi - y;
}

// Hyperbolic functions -----------------------------------------------------------------------------------------------

// By e^(x/2) twice, which does not overflow before the function does.
float exact_sinh(float x) {
  const float z = x * x;
  if (abs(x) < 1.0)
    return x + x * z * (0.16666667163 + z * (0.0083333338 + z * (0.00019841270 + z * (2.7557319e-6 + z * 2.5052108e-8))));
  const float t = exact_exp(0.5 * abs(x));
  return is_nan(x) ? x : with_sign(0.5 * t * t - 0.5 / (t * t), x);
}
float exact_cosh(float x) {
  const float t = exact_exp(0.5 * abs(x));
  return 0.5 * t * t + 0.5 / (t * t);
}
float exact_asinh(float x) {
  const float t = abs(x);
  if (!(t < 1e9)) return is_nan(x) ? x : with_sign(exact_log(t) + kLn2, x);
  return with_sign(exact_log1p(t + t * t / (1.0 + sqrt(1.0 + t * t))), x);
}
float exact_acosh(float x) {
  if (!(x >= 1.0)) return not_a_number();
  if (x > 1e9) return exact_log(x) + kLn2;
  const float t = x - 1.0;
  return exact_log1p(t + sqrt(t * (2.0 + t)));
}
float exact_atanh(float x) {
  const float t = abs(x);
  if (!(t <= 1.0)) return not_a_number();
  return t == 1.0 ? with_sign(infinity(), x) : with_sign(0.5 * exact_log1p(2.0 * t / (1.0 - t)), x);
}

// The error function -------------------------------------------------------------------------------------------------

// The exponent of erfc_scaled(x) / t with t = 1 / (1 + x / 2).
float erfc_exponent(float t) {
  return -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807 +
         t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
}

// e^(-x^2) e^p: x^2 as a square without rounding and a rest.
float gaussian(float x, float p) {
  const float head = uintBitsToFloat(floatBitsToUint(x) & 0xfffff000u);
  return exact_exp(-head * head) * exact_exp((head - x) * (head + x) + p);
}

// For x >= 0, by the rational argument and the polynomial of erfc_scaled.
float erfc_tail(float x) {
  const float m = min(x, 12.0);
  const float t = 1.0 / (1.0 + 0.5 * m);
  return t * gaussian(m, erfc_exponent(t));
}
float exact_erf(float x) {
  if (is_nan(x)) return x;
  return abs(x) < 0.9 ? erf_value(x) : with_sign(1.0 - erfc_tail(abs(x)), x);
}
float exact_erfc(float x) {
  if (is_nan(x)) return x;
  if (x < 0.5) return 1.0 - exact_erf(x);
  return erfc_tail(x);
}

// Fits of our own: of x^2 up to 3/4, then of s = sqrt(-log(1 - |x|)), where 1 - |x| is exact, in two pieces.
float exact_erfinv(float x) {
  const float t = 1.0 - abs(x), z = x * x;
  if (!(t >= 0.0)) return not_a_number();
  if (t >= 0.25)
    return x * (0.886226892 + z * (0.232015565 + z * (0.12745063 + z * (0.0888207704 + z * (0.0404447578 + z * (0.201555058 +
           z * (-0.501124322 + z * (1.20864689 + z * (-1.37401962 + z * 0.780433893)))))))));
  if (t == 0.0) return with_sign(infinity(), x);
  const float s = sqrt(-exact_log(t));
  if (s < 2.27) {
    const float u = s - 1.75;
    return with_sign(1.40599096 + u * (1.04737949 + u * (0.00871441141 + u * (-0.0145311141 + u * (0.0101869609 +
                     u * (-0.00561101874 + u * (0.00267152349 + u * (-0.00117536588 + u * 0.00040153673))))))), x);
  }
  const float u = s - 3.2;
  return with_sign(2.92289495 + u * (1.03959417 + u * (-0.00532862265 + u * (0.000287596893 + u * (0.000201328832 +
                   u * (-0.000121302022 + u * (4.79228147e-5 + u * (-2.15750515e-5 + u * 8.22621678e-6))))))), x);
}
// sqrt(pi) / 2 e^(y^2) for y = erfinv(x); in the tail by e^(y^2) = erfc_scaled(y) / (1 - |x|), where y^2 is long.
float erfinv_slope(float x) {
  const float t = 1.0 - abs(x), y = abs(exact_erfinv(x));
  if (!(t >= 0.0)) return not_a_number();
  if (t >= 0.25) return exact_exp(y * y) / kSqrtPiHalves;
  if (t == 0.0) return infinity();
  const float r = 1.0 / (1.0 + 0.5 * y);
  return r * exact_exp(erfc_exponent(r)) / (kSqrtPiHalves * t);
}

// All of them --------------------------------------------------------------------------------------------------------

float elementary_value(uint f, float x) {
  switch (f) {
    case UNARY_SIN: return exact_sin(x);
    case UNARY_COS: return exact_cos(x);
    case UNARY_TAN: return exact_tan(x);
    case UNARY_ASIN: return exact_asin(x);
    case UNARY_ACOS: return exact_acos(x);
    case UNARY_ATAN: return exact_atan(x);
    case UNARY_SINH: return exact_sinh(x);
    case UNARY_COSH: return exact_cosh(x);
    case UNARY_ASINH: return exact_asinh(x);
    case UNARY_ACOSH: return exact_acosh(x);
    case UNARY_ATANH: return exact_atanh(x);
    case UNARY_ERF: return exact_erf(x);
    case UNARY_ERFC: return exact_erfc(x);
    case UNARY_EXP2: return exact_exp2(x);
    case UNARY_EXPM1: return exact_expm1(x);
    case UNARY_LOG2: return exact_log2(x);
    case UNARY_LOG10: return exact_log10(x);
    case UNARY_SIGN: return kept_sign(x);
    case UNARY_FLOOR: return floor(x);
    case UNARY_CEIL: return ceil(x);
    case UNARY_ROUND: return roundEven(x);
    case UNARY_TRUNC: return trunc(x);
    case UNARY_ERFINV: return exact_erfinv(x);
  }
  return x;
}

// 1 / sqrt(s^2 + c), where s^2 may be past the type.
float over_root(float s, float c) { return abs(s) > 1e18 ? 1.0 / abs(s) : 1.0 / sqrt(s * s + c); }

float elementary_slope(uint f, float s) {
  switch (f) {
    case UNARY_SIN: return exact_cos(s);
    case UNARY_COS: return -exact_sin(s);
    case UNARY_TAN: return 1.0 + s * s;
    case UNARY_ASIN: return 1.0 / sqrt((1.0 - s) * (1.0 + s));
    case UNARY_ACOS: return -1.0 / sqrt((1.0 - s) * (1.0 + s));
    case UNARY_ATAN: return 1.0 / (1.0 + s * s);
    case UNARY_SINH: return exact_cosh(s);
    case UNARY_COSH: return exact_sinh(s);
    case UNARY_ASINH: return over_root(s, 1.0);
    case UNARY_ACOSH: return s < 1.0 ? not_a_number() : 1.0 / (sqrt(s - 1.0) * sqrt(s + 1.0));
    case UNARY_ATANH: return 1.0 / ((1.0 - s) * (1.0 + s));
    case UNARY_ERF: return kSqrtPiHalves * gaussian(kept_clamp(s, -12.0, 12.0), 0.0);
    case UNARY_ERFC: return -kSqrtPiHalves * gaussian(kept_clamp(s, -12.0, 12.0), 0.0);
    case UNARY_EXP2: return kLn2 * s;
    case UNARY_EXPM1: return exact_exp(s);
    case UNARY_LOG2: return kLog2E / s;
    case UNARY_LOG10: return 0.4342944819 / s;
    case UNARY_ERFINV: return erfinv_slope(s);
  }
  return 0.0;  // of those that are flat in pieces
}

#endif
