// y = x in another element type. One invocation per four consecutive elements.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "cast.h"
#include "common/index.glsl"
#include "common/formats.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) buffer Y1 { uint y1[]; };
layout(binding = 1) buffer Y2 { uvec2 y2[]; };
layout(binding = 1) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_WRITER(y_four, result_format, y1, y2, y4)

float to_float(uint bits) {
  if (!format_is_integer(format)) return uintBitsToFloat(bits);
  return format == FORMAT_I32 ? float(int(bits)) : float(bits);
}

// Towards zero, within the range of the type; NaN is 0.
uint from_float(float v) {
  if (!format_is_integer(result_format)) return floatBitsToUint(v);
  if (result_format == FORMAT_BOOL) return v == 0.0 ? 0 : 1;
  if (is_nan(v)) return 0;
  if (result_format == FORMAT_U8) return uint(clamp(v, 0.0, 255.0));
  if (result_format == FORMAT_U32) return v >= 4294967296.0 ? 0xffffffffu : uint(max(v, 0.0));
  if (v >= 2147483648.0) return 0x7fffffffu;
  return v <= -2147483648.0 ? 0x80000000u : uint(int(v));
}

uint convert(uint bits) {
  if (!format_is_integer(format) || !format_is_integer(result_format)) return from_float(to_float(bits));
  if (result_format == FORMAT_BOOL) return bits == 0 ? 0 : 1;
  if (result_format == FORMAT_U8) {  // a negative i32 would be a large u32
    return format == FORMAT_I32 ? uint(clamp(int(bits), 0, 255)) : min(bits, 255u);
  }
  if (format == FORMAT_U32 && result_format == FORMAT_I32) return min(bits, 0x7fffffffu);
  if (format == FORMAT_I32 && result_format == FORMAT_U32) return uint(max(int(bits), 0));
  return bits;
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  uvec4 v = uvec4(0);
  if (n == 4) {
    v = x_four(quad);
  } else {
    for (uint i = 0; i < n; ++i) v[i] = x_one(first + i);
  }
  y_four(quad, uvec4(convert(v.x), convert(v.y), convert(v.z), convert(v.w)), n);
}
