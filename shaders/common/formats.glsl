// Elements as parts of 32-bit words. A kernel whose invocations own whole words of the result (four consecutive elements,
// say) can bind every tensor as `uint` and choose the format by a specialisation constant: one module for all types, no
// 16-bit or 8-bit storage asked of the device, and no atomics. Needs the tensors' memory to be readable up to the next
// whole word, and writes past the last element only what it found there.
#ifndef COMMON_FORMATS
#define COMMON_FORMATS
#include "common/formats.h"
#include "common/special.glsl"

bool format_is_half(uint format) { return format == FORMAT_F16 || format == FORMAT_BF16; }
bool format_is_byte(uint format) { return format == FORMAT_U8 || format == FORMAT_BOOL; }
bool format_is_integer(uint format) { return format >= FORMAT_I32; }

uint float_to_bf16(float v) {
  const uint bits = floatBitsToUint(v);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (bits >> 16) | 0x40u;
  return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

// A driver may assume that there are no NaNs, so the test is one of bits.

vec2 unpack_half(uint format, uint word) {
  if (format == FORMAT_F16) return unpackHalf2x16(word);
  return vec2(uintBitsToFloat(word << 16), uintBitsToFloat(word & 0xffff0000u));
}
uint pack_half(uint format, vec2 v) {
  if (format == FORMAT_F16) return packHalf2x16(v);
  return float_to_bf16(v.x) | (float_to_bf16(v.y) << 16);
}

// Defines how a tensor is read. `words`, `pairs` and `quads` are the same binding as uint[], uvec2[] and uvec4[].
//   one(i)   element i as its bits: those of a float for f32, f16 and bf16; the number itself for integers
//   four(q)  elements 4q to 4q+3
#define DEFINE_READER(one, four, format, words, pairs, quads)                                              \
  uint one(uint i) {                                                                                       \
    if (format_is_half(format)) return floatBitsToUint(unpack_half(format, words[i >> 1])[i & 1u]);        \
    if (format_is_byte(format)) return (words[i >> 2] >> ((i & 3u) * 8u)) & 0xffu;                         \
    if (format == FORMAT_U16) return (words[i >> 1] >> ((i & 1u) * 16u)) & 0xffffu;                        \
    return words[i];                                                                                       \
  }                                                                                                        \
  uvec4 four(uint q) {                                                                                     \
    if (format_is_half(format)) {                                                                          \
      const uvec2 p = pairs[q];                                                                            \
      return floatBitsToUint(vec4(unpack_half(format, p.x), unpack_half(format, p.y)));                    \
    }                                                                                                      \
    if (format_is_byte(format)) return (uvec4(words[q]) >> uvec4(0u, 8u, 16u, 24u)) & uvec4(0xffu);        \
    if (format == FORMAT_U16) {                                                                            \
      const uvec2 p = pairs[q];                                                                            \
      return uvec4(p.x & 0xffffu, p.x >> 16, p.y & 0xffffu, p.y >> 16);                                    \
    }                                                                                                      \
    return quads[q];                                                                                       \
  }

// Defines how a tensor is written: put_four(q, bits, count) stores the first `count` (1 to 4) of the elements 4q to
// 4q+3. Words that they fill in part keep the rest.
#define DEFINE_WRITER(put_four, format, words, pairs, quads)                                               \
  void put_part(uint word, uint bits, uint mask) { words[word] = (words[word] & ~mask) | (bits & mask); }  \
  void put_four(uint q, uvec4 bits, uint count) {                                                          \
    if (format_is_half(format) || format == FORMAT_U16) {                                                  \
      uvec2 p = bits.xz | (bits.yw << 16);                                                                 \
      if (format != FORMAT_U16) {                                                                          \
        p.x = pack_half(format, uintBitsToFloat(bits.xy));                                                 \
        p.y = pack_half(format, uintBitsToFloat(bits.zw));                                                 \
      }                                                                                                    \
      if (count == 4) {                                                                                    \
        pairs[q] = p;                                                                                      \
      } else {                                                                                             \
        put_part(2 * q, p.x, count > 1 ? 0xffffffffu : 0xffffu);                                           \
        if (count > 2) put_part(2 * q + 1, p.y, 0xffffu);                                                  \
      }                                                                                                    \
    } else if (format_is_byte(format)) {                                                                   \
      const uint w = (bits.x & 0xffu) | ((bits.y & 0xffu) << 8) | ((bits.z & 0xffu) << 16) | (bits.w << 24); \
      if (count == 4) {                                                                                    \
        words[q] = w;                                                                                      \
      } else {                                                                                             \
        put_part(q, w, (1u << (8 * count)) - 1u);                                                          \
      }                                                                                                    \
    } else if (count == 4) {                                                                               \
      quads[q] = bits;                                                                                     \
    } else {                                                                                               \
      for (uint i = 0; i < count; ++i) words[4 * q + i] = bits[i];                                         \
    }                                                                                                      \
  }

#endif
