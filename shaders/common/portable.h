// For headers whose functions GLSL and C++ both compile: integer code with one meaning on both sides. Within
// PORTABLE_BEGIN and PORTABLE_END write `FUNCTION type name(...)`, use `uint`, and index vectors instead of naming x,
// y.
#ifndef COMMON_PORTABLE
#define COMMON_PORTABLE

#ifdef __cplusplus
#include <array>
#include <cstdint>

#define PORTABLE_BEGIN namespace lemnos::shaders {
#define PORTABLE_END }
#define FUNCTION constexpr

PORTABLE_BEGIN
using uint = uint32_t;
using uvec2 = std::array<uint, 2>;
using uvec4 = std::array<uint, 4>;

FUNCTION uint multiply_high(uint a, uint b) { return static_cast<uint>((uint64_t{a} * b) >> 32); }
PORTABLE_END
#else
#define PORTABLE_BEGIN
#define PORTABLE_END
#define FUNCTION

uint multiply_high(uint a, uint b) {
  uint high, low;
  umulExtended(a, b, high, low);
  return high;
}
#endif

#endif
