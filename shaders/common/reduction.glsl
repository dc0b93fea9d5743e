// What reduce_rows and reduce_columns share: gathering by specialisation constants `kind` and `finish`.
#ifndef COMMON_REDUCTION
#define COMMON_REDUCTION

float reduction_start() {
  if (kind == REDUCE_MAX) return uintBitsToFloat(0xff800000u);
  if (kind == REDUCE_MIN) return uintBitsToFloat(0x7f800000u);
  return 0.0;
}

// NaN must come out of what it goes into, so it wins where a comparison decides.
float reduction_add(float sum, float v) {
  if (kind == REDUCE_MAX) return v > sum || is_nan(v) ? v : sum;
  if (kind == REDUCE_MIN) return v < sum || is_nan(v) ? v : sum;
  if (kind == REDUCE_SUM_SQUARES) return sum + v * v;
  return sum + v;
}
vec4 reduction_add(vec4 sum, vec4 v) {
  if (kind == REDUCE_SUM_SQUARES) return sum + v * v;
  if (kind == REDUCE_SUM) return sum + v;
  return vec4(reduction_add(sum.x, v.x), reduction_add(sum.y, v.y), reduction_add(sum.z, v.z),
              reduction_add(sum.w, v.w));
}

// Two results of the same kind.
float reduction_join(float a, float b) {
  if (kind == REDUCE_SUM_SQUARES) return a + b;
  return reduction_add(a, b);
}

float reduction_finish(float v) {
  if (finish == REDUCE_FINISH_DIVIDE) return v / params.divisor;
  if (finish == REDUCE_FINISH_ROOT) return sqrt(v);
  return v;
}

#endif
