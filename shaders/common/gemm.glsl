// The operands of a product, and which tile of it this workgroup makes. NN, NT, TN and TT differ only here, in how four
// elements are fetched; nothing is transposed in memory.
#ifndef COMMON_GEMM
#define COMMON_GEMM
#define EPILOGUE_BINDING 2
#include "common/gemm_epilogue.glsl"

layout(binding = 0) readonly buffer A { T a[]; };
layout(binding = 0) readonly buffer A4 { T4 a4[]; };
layout(binding = 1) readonly buffer B { T b[]; };
layout(binding = 1) readonly buffer B4 { T4 b4[]; };
layout(binding = 2) writeonly buffer Partial { float partial[]; };
layout(binding = 2) writeonly buffer Partial4 { vec4 partial4[]; };

struct Tile {
  uint m0, n0;          // the first row and column
  uint k_begin, k_end;  // this part of K
  uint a_base, b_base;  // elements before the batch's operands
  uint c_base;          // elements before the batch's result, or before this part of it in scratch
};

// Tiles of one column of tiles follow each other, so that they meet the same columns of B in the cache.
Tile find_tile() {
  const uint tiles_m = (params.m + tile_m - 1) / tile_m;
  const uint tiles_n = (params.n + tile_n - 1) / tile_n;
  uint index = workgroup_index();
  Tile t;
  t.m0 = index % tiles_m * tile_m;
  index /= tiles_m;
  t.n0 = index % tiles_n * tile_n;
  index /= tiles_n;
  const uint batch = index % params.batches;
  const uint part = index / params.batches;
  t.k_begin = min(part * params.part_k, params.k);
  t.k_end = part < params.parts ? min(t.k_begin + params.part_k, params.k) : 0;
  const uint i2 = batch % params.extent_2;
  const uint i1 = batch / params.extent_2 % params.extent_1;
  const uint i0 = batch / params.extent_2 / params.extent_1;
  t.a_base = i0 * params.a_stride_0 + i1 * params.a_stride_1 + i2 * params.a_stride_2;
  t.b_base = i0 * params.b_stride_0 + i1 * params.b_stride_1 + i2 * params.b_stride_2;
  t.c_base = index * (params.m * params.n + (row_sums != 0 ? (params.m + 3) / 4 * 4 : 0));
  return t;
}
// The tiles of the first column also add up the rows of A that they meet.
bool sums_rows(Tile t) { return row_sums != 0 && t.n0 == 0; }
void store_row_sum(Tile t, uint row, float sum) {
  if (row >= params.m) return;
  if (partial_sums == 0) {
    STORE(row_sum, row, sum);
  } else {
    partial[t.c_base + params.m * params.n + row] = sum;
  }
}
// Workgroups are started in whole rows and planes, so a few may have no tile.
bool has_tile() {
  const uint tiles = (params.m + tile_m - 1) / tile_m * ((params.n + tile_n - 1) / tile_n);
  return workgroup_index() < tiles * params.batches * params.parts;
}

// Four elements that lie side by side in memory.
vec4 a_four(uint i) {
  if (vector_a != 0) return LOAD4(a4, i / 4);
  return vec4(LOAD(a, i), LOAD(a, i + 1), LOAD(a, i + 2), LOAD(a, i + 3));
}
vec4 b_four(uint i) {
  if (vector_b != 0) return LOAD4(b4, i / 4);
  return vec4(LOAD(b, i), LOAD(b, i + 1), LOAD(b, i + 2), LOAD(b, i + 3));
}

// Stores four columns of a row of C; what lies outside C is dropped.
void store_four(uint c_base, uint row, uint column, vec4 sum) {
  if (row >= params.m || column >= params.n) return;
  const uint index = c_base + row * params.n + column;
  const uint count = min(params.n - column, 4);
  if (partial_sums == 0) {
    store_sums(index, column, sum, count);
  } else if (vector_c != 0) {
    partial4[index / 4] = sum;
  } else {
    [[unroll]] for (uint i = 0; i < 4; ++i)
      if (i < count) partial[index + i] = sum[i];
  }
}

#endif
