// C = A B without shared memory. One workgroup per tile of C; an invocation owns `rows` rows, the same as its
// neighbours, and `columns` columns in groups of four, lane beside lane: so rows of A are the same for all and columns
// of B lie side by side. Best where shared memory is plain memory (software drivers).
// ROWS = uniform: every invocation reads every row. ROWS = broadcast: the workgroup is one subgroup, whose invocations
// read a row each and hand it round.
//@ variants T = f32 f16 bf16 f16p bf16p
//@ variants ROWS = uniform broadcast
#version 450
#extension GL_GOOGLE_include_directive : require
#ifdef ROWS_broadcast
#extension GL_KHR_shader_subgroup_ballot : require
#endif
#include "matmul_direct.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/gemm.glsl"

const uint kGroups = columns / 4;
Tile tile;

uint column_of(uint group) { return tile.n0 + (group * workgroup_size + lane()) * 4; }

// A[row, k .. k + 3]. Rows past the end repeat the last: they are computed and dropped.
vec4 a_row(uint row, uint k) {
  row = min(row, params.m - 1);
  if (transpose_a == 0) return a_four(tile.a_base + row * params.k + k);
  vec4 x;
  [[unroll]] for (uint q = 0; q < 4; ++q) x[q] = LOAD(a, tile.a_base + (k + q) * params.m + row);
  return x;
}

// Rows r .. r + 3 of the tile at k, one in each column of the result.
#ifdef ROWS_broadcast
// What this invocation reads for all: whole rows of four k; or, where M lies side by side, four rows of one k.
const bool kByColumn = transpose_a != 0 && vector_a != 0;
const uint kShares = kByColumn ? (rows + 4 * workgroup_size - 1) / (4 * workgroup_size) : rows / workgroup_size;
vec4 own[kByColumn ? 4 * kShares : kShares];

void read_rows(uint k) {
  [[unroll]] for (uint s = 0; s < kShares; ++s) {
    const uint at = s * workgroup_size + lane();
    if (kByColumn) {
      const uint first = tile.a_base + min(tile.m0 + at * 4, params.m - 4);
      [[unroll]] for (uint q = 0; q < 4; ++q) own[s * 4 + q] = a_four(first + (k + q) * params.m);
    } else {
      own[s] = a_row(tile.m0 + at, k);
    }
  }
}
mat4 a_block(uint r, uint k) {
  mat4 x;
  if (kByColumn) {
    const uint share = r / 4 / workgroup_size, from = r / 4 % workgroup_size;
    [[unroll]] for (uint q = 0; q < 4; ++q) x[q] = subgroupBroadcast(own[share * 4 + q], from);
    return transpose(x);
  }
  [[unroll]] for (uint i = 0; i < 4; ++i)
    x[i] = subgroupBroadcast(own[(r + i) / workgroup_size], (r + i) % workgroup_size);
  return x;
}
#else
void read_rows(uint k) {}
mat4 a_block(uint r, uint k) {
  mat4 x;
  if (transpose_a != 0 && vector_a != 0) {
    const uint first = min(tile.m0 + r, params.m - 4);
    [[unroll]] for (uint q = 0; q < 4; ++q) x[q] = a_four(tile.a_base + (k + q) * params.m + first);
    return transpose(x);
  }
  [[unroll]] for (uint i = 0; i < 4; ++i) x[i] = a_row(tile.m0 + r + i, k);
  return x;
}
#endif

// B[k .. k + 3, column .. column + 3], a row of it in each column of the result; columns past the end repeat the last.
vec4 b_row(uint k, uint column) {
  if (vector_b != 0) return b_four(tile.b_base + k * params.n + min(column, params.n - 4));
  vec4 y;
  [[unroll]] for (uint i = 0; i < 4; ++i) y[i] = LOAD(b, tile.b_base + k * params.n + min(column + i, params.n - 1));
  return y;
}
mat4 b_block(uint k, uint column) {
  mat4 y;
  if (transpose_b == 0) {
    [[unroll]] for (uint q = 0; q < 4; ++q) y[q] = b_row(k + q, column);
    return y;
  }
  [[unroll]] for (uint i = 0; i < 4; ++i) y[i] = b_four(tile.b_base + min(column + i, params.n - 1) * params.k + k);
  return transpose(y);
}

// One k of the tail.
float a_one(uint row, uint k) {
  const uint r = min(row, params.m - 1);
  return LOAD(a, tile.a_base + (transpose_a == 0 ? r * params.k + k : k * params.m + r));
}
vec4 b_one(uint k, uint column) {
  if (transpose_b == 0) return b_row(k, column);
  vec4 y;
  [[unroll]] for (uint i = 0; i < 4; ++i) y[i] = LOAD(b, tile.b_base + min(column + i, params.n - 1) * params.k + k);
  return y;
}

// By a walk of its own: rows beside the products would cost every tile a branch in its innermost loop.
void sum_rows() {
  for (uint r = lane(); r < rows; r += workgroup_size) {
    float sum = 0.0;
    for (uint first = tile.k_begin; first < tile.k_end; first += 4) {
      [[unroll]] for (uint k = first; k < first + 4; ++k)
        if (k < tile.k_end) sum += a_one(tile.m0 + r, k);
    }
    store_row_sum(tile, tile.m0 + r, sum);
  }
}

void main() {
  if (!has_tile()) return;
  tile = find_tile();
  if (sums_rows(tile)) sum_rows();
  vec4 sums[rows * kGroups];
  [[unroll]] for (uint i = 0; i < rows * kGroups; ++i) sums[i] = vec4(0.0);

  const uint whole = tile.k_begin + (tile.k_end - tile.k_begin) / 4 * 4;
  for (uint k = tile.k_begin; k < whole; k += 4) {
    read_rows(k);
    [[unroll]] for (uint g = 0; g < kGroups; ++g) {
      const mat4 y = b_block(k, column_of(g));
      [[unroll]] for (uint r = 0; r < rows; r += 4) {
        const mat4 x = a_block(r, k);
        [[unroll]] for (uint i = 0; i < 4; ++i) {
          [[unroll]] for (uint q = 0; q < 4; ++q)
            sums[(r + i) * kGroups + g] = fma(vec4(x[i][q]), y[q], sums[(r + i) * kGroups + g]);
        }
      }
    }
  }
  for (uint k = whole; k < tile.k_end; ++k) {
    [[unroll]] for (uint g = 0; g < kGroups; ++g) {
      const vec4 y = b_one(k, column_of(g));
      [[unroll]] for (uint r = 0; r < rows; ++r)
        sums[r * kGroups + g] = fma(vec4(a_one(tile.m0 + r, k)), y, sums[r * kGroups + g]);
    }
  }

  [[unroll]] for (uint r = 0; r < rows; ++r) {
    [[unroll]] for (uint g = 0; g < kGroups; ++g)
      store_four(tile.c_base, tile.m0 + r, column_of(g), sums[r * kGroups + g]);
  }
}
