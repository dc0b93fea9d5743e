// Sums of four in an order of ours: that of GLSL's dot() is the driver's.
#ifndef COMMON_SUM4
#define COMMON_SUM4

float sum4(vec4 v) { return (v.x + v.y) + (v.z + v.w); }
float dot4(vec4 a, vec4 b) { return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, a.x * b.x))); }

#endif
