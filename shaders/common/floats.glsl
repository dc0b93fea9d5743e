// Reading and writing floats of a format that is a specialisation constant, element by element: for kernels that bind
// tensors as words (common/formats.glsl) and do not walk them in groups of four.
#ifndef COMMON_FLOATS
#define COMMON_FLOATS
#include "common/formats.glsl"

#define INFINITY uintBitsToFloat(0x7f800000u)

#define DEFINE_FLOAT_READER(name, format, words)                                         \
  float name(uint i) {                                                                   \
    if (format_is_half(format)) return unpack_half(format, words[i >> 1])[i & 1u];       \
    return uintBitsToFloat(words[i]);                                                    \
  }

// Stores `count` elements from `first` on. For half formats `first` must be even, and an odd count may only end the tensor
// or the range that this invocation owns down to the word.
#define DEFINE_FLOAT_WRITER(name, format, words, quads)                                  \
  void name(uint first, vec4 v, uint count) {                                            \
    if (format_is_half(format)) {                                                        \
      const uint low = pack_half(format, v.xy), high = pack_half(format, v.zw);          \
      const uint word = first >> 1;                                                      \
      words[word] = count > 1 ? low : (words[word] & 0xffff0000u) | (low & 0xffffu);     \
      if (count > 3) words[word + 1] = high;                                             \
      if (count == 3) words[word + 1] = (words[word + 1] & 0xffff0000u) | (high & 0xffffu); \
    } else if (count == 4 && (first & 3u) == 0) {                                        \
      quads[first >> 2] = floatBitsToUint(v);                                            \
    } else {                                                                             \
      for (uint i = 0; i < count; ++i) words[first + i] = floatBitsToUint(v[i]);         \
    }                                                                                    \
  }

#endif
