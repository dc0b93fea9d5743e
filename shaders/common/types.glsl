// Element types. A kernel with `//@ variants T = f32 f16 bf16` declares its buffers as T, loads with LOAD, computes in
// float, and stores with STORE. bf16 is the upper half of an f32, so it needs no arithmetic from the device.
//
// `f16p` and `bf16p` keep two elements in a 32-bit word, for devices without 16-bit storage. Two invocations may own
// the halves of one word, so a store exchanges only its half, atomically.
#ifndef COMMON_TYPES
#define COMMON_TYPES

uint bf16_bits(float v) {
  uint bits = floatBitsToUint(v);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (bits >> 16) | 0x40u;
  return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}
float bf16_value(uint bits) { return uintBitsToFloat(bits << 16); }

#if defined(T_f16)
#define T float16_t
#define LOAD(buf, i) float(buf[i])
#define STORE(buf, i, v) buf[i] = float16_t(v)
#elif defined(T_bf16)
#define T uint16_t
#define LOAD(buf, i) bf16_value(uint(buf[i]))
#define STORE(buf, i, v) buf[i] = uint16_t(bf16_bits(v))
#elif defined(T_f16p)
#define T uint
#define LOAD(buf, i) unpackHalf2x16(buf[(i) >> 1])[(i) & 1u]
#define PACK_HALF(v) (packHalf2x16(vec2(v, 0.0)) & 0xffffu)
#elif defined(T_bf16p)
#define T uint
#define LOAD(buf, i) bf16_value((buf[(i) >> 1] >> (((i) & 1u) * 16u)) & 0xffffu)
#define PACK_HALF(v) bf16_bits(v)
#else
#define T float
#define LOAD(buf, i) buf[i]
#define STORE(buf, i, v) buf[i] = v
#endif

// How a buffer that is only written is declared: packed storage reads the other half of the word. A store may be over what
// its value is made from (OpDef::inplace), so the value comes first.
#ifdef PACK_HALF
#define WRITTEN
#define STORE(buf, i, v)                                                    \
  {                                                                         \
    const uint half_shift = ((i) & 1u) * 16u;                               \
    const uint half_bits = PACK_HALF(v) << half_shift;                      \
    atomicAnd(buf[(i) >> 1], 0xffff0000u >> half_shift);                    \
    atomicOr(buf[(i) >> 1], half_bits);                                     \
  }
#else
#define WRITTEN writeonly
#endif

#define INFINITY uintBitsToFloat(0x7f800000u)
#define LOWEST -3.4028235e38

#endif
