// C = A B through shared memory (common/gemm_slices.glsl). One workgroup per tile of C; blocks of A and B are turned in
// registers, so that either layout lies the same way in shared memory.
//@ variants T = f32 f16 bf16 f16p bf16p
#version 450
#extension GL_GOOGLE_include_directive : require
#include "matmul_tiled.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/gemm.glsl"
#include "common/gemm_slices.glsl"

Tile tile;

// The 4x4 block at (row, k) of a matrix stored [rows, width], a stored row in each column; zero past the ends.
mat4 fetch_a(uint row, uint column, uint height, uint width) {
  mat4 x = mat4(0.0);
  [[unroll]] for (uint r = 0; r < 4; ++r) {
    if (row + r >= height) continue;
    const uint at = tile.a_base + (row + r) * (transpose_a == 0 ? params.k : params.m) + column;
    if (column + 4 <= width) {
      x[r] = a_four(at);
    } else if (vector_a == 0) {
      [[unroll]] for (uint i = 0; i < 3; ++i)
        if (column + i < width) x[r][i] = LOAD(a, at + i);
    }
  }
  return x;
}
mat4 fetch_b(uint row, uint column, uint height, uint width) {
  mat4 x = mat4(0.0);
  [[unroll]] for (uint r = 0; r < 4; ++r) {
    if (row + r >= height) continue;
    const uint at = tile.b_base + (row + r) * (transpose_b == 0 ? params.n : params.k) + column;
    if (column + 4 <= width) {
      x[r] = b_four(at);
    } else if (vector_b == 0) {
      [[unroll]] for (uint i = 0; i < 3; ++i)
        if (column + i < width) x[r][i] = LOAD(b, at + i);
    }
  }
  return x;
}

// Where a block lies in its slice. Neighbouring invocations fetch neighbouring memory.
uvec2 place_of(uint block) {
  if (block < kBlocksA)
    return transpose_a == 0 ? uvec2(block / kBlocksK, block % kBlocksK) : uvec2(block % kBlocksM, block / kBlocksM);
  block -= kBlocksA;
  return transpose_b == 0 ? uvec2(block % kBlocksN, block / kBlocksN) : uvec2(block / kBlocksK, block % kBlocksK);
}

// Four neighbours along M or N in each column, one column for each k.
mat4 fetch(uint block, uint k) {
  const uvec2 at = 4 * place_of(block);
  if (block < kBlocksA) {
    if (transpose_a == 0) return transpose(fetch_a(tile.m0 + at.x, k + at.y, params.m, tile.k_end));
    return fetch_a(k + at.y, tile.m0 + at.x, tile.k_end, params.m);
  }
  if (transpose_b == 0) return fetch_b(k + at.y, tile.n0 + at.x, tile.k_end, params.n);
  return transpose(fetch_b(tile.n0 + at.x, k + at.y, params.n, tile.k_end));
}

float row_total = 0.0;  // of the invocation's row of the tile
void meet_slice() {
  if (!sums_rows(tile) || lane() >= tile_m) return;
  [[unroll]] for (uint q = 0; q < tile_k; ++q) row_total += slice_a[q * kStrideM + lane() / 4][lane() % 4];
}

void main() {
  if (!has_tile()) return;  // uniform in the workgroup, so the barriers inside stay legal
  tile = find_tile();
  multiply_slices(tile.k_begin, tile.k_end);
  if (sums_rows(tile) && lane() < tile_m) store_row_sum(tile, tile.m0 + lane(), row_total);
  [[unroll]] for (uint r = 0; r < rows; ++r) {
    [[unroll]] for (uint g = 0; g < kColumnGroups; ++g)
      store_four(tile.c_base, tile.m0 + row_of(r), tile.n0 + column_of(g), sums[r * kColumnGroups + g]);
  }
}
