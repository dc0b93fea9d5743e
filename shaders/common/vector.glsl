// Four neighbouring elements of any T at once: LOAD4 and STORE4 on a buffer declared as T4, indexed in groups of four.
// Half types travel as two words, which needs no 16-bit storage.
#ifndef COMMON_VECTOR
#define COMMON_VECTOR

#if defined(T_f16) || defined(T_f16p)
#define T4 uvec2
vec4 unpack4(uvec2 w) { return vec4(unpackHalf2x16(w.x), unpackHalf2x16(w.y)); }
uvec2 pack4(vec4 v) { return uvec2(packHalf2x16(v.xy), packHalf2x16(v.zw)); }
#elif defined(T_bf16) || defined(T_bf16p)
#define T4 uvec2
vec4 unpack4(uvec2 w) {
  return uintBitsToFloat(uvec4(w.x << 16, w.x & 0xffff0000u, w.y << 16, w.y & 0xffff0000u));
}
uvec2 pack4(vec4 v) {
  return uvec2(bf16_bits(v.x) | bf16_bits(v.y) << 16, bf16_bits(v.z) | bf16_bits(v.w) << 16);
}
#else
#define T4 vec4
vec4 unpack4(vec4 v) { return v; }
vec4 pack4(vec4 v) { return v; }
#endif
#define LOAD4(buf, group) unpack4(buf[group])
#define STORE4(buf, group, v) buf[group] = pack4(v)

#endif
