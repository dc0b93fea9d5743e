// C = A B through shared memory. One workgroup per tile of C; its A and B come in slices of `tile_k`, fetched as 4x4
// blocks by all invocations, turned in registers so that either layout lies the same way in shared memory, and read
// back in groups of four: an invocation owns `rows` x `columns` of the tile, groups of four spread over it. The next
// slice travels from memory while this one is multiplied.
//@ variants T = f32 f16 bf16 f16p bf16p
#version 450
#extension GL_GOOGLE_include_directive : require
#include "matmul_tiled.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/gemm.glsl"

const uint kBlocksM = tile_m / 4;
const uint kBlocksN = tile_n / 4;
const uint kBlocksK = tile_k / 4;
const uint kBlocksA = kBlocksM * kBlocksK;
const uint kBlocks = kBlocksA + kBlocksN * kBlocksK;
const uint kFetches = (kBlocks + workgroup_size - 1) / workgroup_size;
const uint kStrideM = kBlocksM + 1;  // one group of padding moves the rows of a block to different banks
const uint kStrideN = kBlocksN + 1;
const uint kRowGroups = rows / 4;
const uint kColumnGroups = columns / 4;
const uint kThreadsM = tile_m / rows;
const uint kThreadsN = tile_n / columns;

shared vec4 slice_a[tile_k * kStrideM];  // [k][m / 4]
shared vec4 slice_b[tile_k * kStrideN];  // [k][n / 4]

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

// Block `block` of the slice at k, with four neighbours along M or N in each column, one column for each k.
// Neighbouring invocations fetch neighbouring memory.
mat4 fetch(uint block, uint k) {
  if (block < kBlocksA) {
    if (transpose_a == 0)
      return transpose(fetch_a(tile.m0 + block / kBlocksK * 4, k + block % kBlocksK * 4, params.m, tile.k_end));
    return fetch_a(k + block / kBlocksM * 4, tile.m0 + block % kBlocksM * 4, tile.k_end, params.m);
  }
  block -= kBlocksA;
  if (transpose_b == 0)
    return fetch_b(k + block / kBlocksN * 4, tile.n0 + block % kBlocksN * 4, tile.k_end, params.n);
  return transpose(fetch_b(tile.n0 + block / kBlocksK * 4, k + block % kBlocksK * 4, params.n, tile.k_end));
}

void place(uint block, mat4 x) {
  if (block < kBlocksA) {
    const uint m = transpose_a == 0 ? block / kBlocksK : block % kBlocksM;
    const uint k = transpose_a == 0 ? block % kBlocksK : block / kBlocksM;
    [[unroll]] for (uint q = 0; q < 4; ++q) slice_a[(k * 4 + q) * kStrideM + m] = x[q];
  } else {
    block -= kBlocksA;
    const uint n = transpose_b == 0 ? block % kBlocksN : block / kBlocksK;
    const uint k = transpose_b == 0 ? block / kBlocksN : block % kBlocksK;
    [[unroll]] for (uint q = 0; q < 4; ++q) slice_b[(k * 4 + q) * kStrideN + n] = x[q];
  }
}

void main() {
  if (!has_tile()) return;  // uniform in the workgroup, so the barriers below stay legal
  tile = find_tile();
  const uint own_m = lane() / kThreadsN;
  const uint own_n = lane() % kThreadsN;

  vec4 sums[rows * kColumnGroups];
  [[unroll]] for (uint i = 0; i < rows * kColumnGroups; ++i) sums[i] = vec4(0.0);

  mat4 next[kFetches];
  [[unroll]] for (uint f = 0; f < kFetches; ++f) {
    const uint block = f * workgroup_size + lane();
    if (block < kBlocks && tile.k_begin < tile.k_end) next[f] = fetch(block, tile.k_begin);
  }
  for (uint k = tile.k_begin; k < tile.k_end; k += tile_k) {
    barrier();
    [[unroll]] for (uint f = 0; f < kFetches; ++f) {
      const uint block = f * workgroup_size + lane();
      if (block < kBlocks) place(block, next[f]);
    }
    barrier();
    if (k + tile_k < tile.k_end) {
      [[unroll]] for (uint f = 0; f < kFetches; ++f) {
        const uint block = f * workgroup_size + lane();
        if (block < kBlocks) next[f] = fetch(block, k + tile_k);
      }
    }
    [[unroll]] for (uint q = 0; q < tile_k; ++q) {
      vec4 y[kColumnGroups];
      [[unroll]] for (uint g = 0; g < kColumnGroups; ++g) y[g] = slice_b[q * kStrideN + g * kThreadsN + own_n];
      [[unroll]] for (uint r = 0; r < kRowGroups; ++r) {
        const vec4 x = slice_a[q * kStrideM + r * kThreadsM + own_m];
        [[unroll]] for (uint i = 0; i < 4; ++i) {
          [[unroll]] for (uint g = 0; g < kColumnGroups; ++g)
            sums[(r * 4 + i) * kColumnGroups + g] = fma(vec4(x[i]), y[g], sums[(r * 4 + i) * kColumnGroups + g]);
        }
      }
    }
  }

  [[unroll]] for (uint r = 0; r < rows; ++r) {
    const uint row = tile.m0 + (r / 4 * kThreadsM + own_m) * 4 + r % 4;
    [[unroll]] for (uint g = 0; g < kColumnGroups; ++g)
      store_four(tile.c_base, row, tile.n0 + (g * kThreadsN + own_n) * 4, sums[r * kColumnGroups + g]);
  }
}
