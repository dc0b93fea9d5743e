// C = A B by the device's matrix unit: operands in halves, f32 sums. One workgroup per tile of C, of which each subgroup owns
// `rows` x `columns` as fragments. A and B come in slices of `tile_k` through shared memory, where K lies side by side
// whatever the layout: what the matrix unit wants of either is then one wide load. NN, NT, TN and TT differ only in how
// a block of four lines by eight k is fetched. What lies past the ends is zero in the slices, so partial tiles need no
// case of their own. The next slice travels from memory while this one is multiplied. Sums leave through shared memory,
// a fragment of each subgroup at a time, to the epilogue of the family.
//@ requires GL_KHR_cooperative_matrix
//@ requires T=bf16 GL_EXT_bfloat16
//@ variants T = f16 bf16
#version 450
#pragma use_vulkan_memory_model
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#include "common/matrix_operand.glsl"
#include "matmul_cooperative.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/gemm.glsl"
#include "common/halves_block.glsl"
#include "common/sum4.glsl"

layout(binding = 0) readonly buffer A8 { uvec4 a8[]; };
layout(binding = 1) readonly buffer B8 { uvec4 b8[]; };

const uint kPitch = tile_k / 8 + 1;  // one group of padding moves the lines of a fragment to different banks
const uint kBlocksK = tile_k / 8;
const uint kBlocksM = tile_m / 4;
const uint kBlocksN = tile_n / 4;
const uint kBlocksA = kBlocksM * kBlocksK;
const uint kBlocks = kBlocksA + kBlocksN * kBlocksK;
const uint kFetches = (kBlocks + workgroup_size - 1) / workgroup_size;

const uint kAcross = tile_n / columns;  // subgroups along N
const uint kSubgroups = tile_m / rows * kAcross;
const uint kWidth = workgroup_size / kSubgroups;
const uint kFragmentsM = rows / fragment_m;
const uint kFragmentsN = columns / fragment_n;
const uint kFragment = fragment_m * fragment_n / 4;

shared uvec4 slice_a[tile_m * kPitch];  // [m][k / 8]
shared uvec4 slice_b[tile_n * kPitch];  // [n][k / 8]
shared vec4 leaving[kSubgroups * kFragment];

Tile tile;

// Defines block(line, k) of an operand, by four(row, column, rows_end, columns_end): four elements side by side of a
// matrix of `pitch` columns, zero past the ends. `vector`: its rows are whole groups of four (1) or eight (2), or not
// (0).
#define DEFINE_FETCH(block, four, x1, x4, x8, base, pitch, vector, side_by_side, lines)                              \
  uvec2 four(uint row, uint column, uint rows_end, uint columns_end) {                                               \
    if (row >= rows_end || column >= columns_end) return uvec2(0);                                                   \
    const uint at = base + row * pitch + column;                                                                     \
    if (vector != 0) return x4[at / 4];                                                                              \
    vec4 v = vec4(0.0);                                                                                              \
    [[unroll]] for (uint i = 0; i < 4; ++i) {                                                                        \
      if (column + i < columns_end) v[i] = LOAD(x1, at + i);                                                         \
    }                                                                                                                \
    return pack4(v);                                                                                                 \
  }                                                                                                                  \
  Block block(uint line, uint k) {                                                                                   \
    Block y;                                                                                                         \
    if (side_by_side) {                                                                                              \
      [[unroll]] for (uint i = 0; i < 4; ++i) {                                                                      \
        if (vector == 2)                                                                                             \
          y.line[i] = line + i < lines && k < tile.k_end ? x8[(base + (line + i) * pitch + k) / 8]                   \
                                                         : uvec4(0);                                                 \
        else                                                                                                         \
          y.line[i] = uvec4(four(line + i, k, lines, tile.k_end), four(line + i, k + 4, lines, tile.k_end));         \
      }                                                                                                              \
      return y;                                                                                                      \
    }                                                                                                                \
    uvec2 x[8];                                                                                                      \
    [[unroll]] for (uint q = 0; q < 8; ++q) x[q] = four(k + q, line, tile.k_end, lines);                             \
    return turned_block(x);                                                                                                \
  }
DEFINE_FETCH(block_a, four_a, a, a4, a8, tile.a_base, (transpose_a == 0 ? params.k : params.m), vector_a,
             transpose_a == 0, params.m)
DEFINE_FETCH(block_b, four_b, b, b4, b8, tile.b_base, (transpose_b == 0 ? params.n : params.k), vector_b,
             transpose_b != 0, params.n)

// Where block `index` lies in its slice: {line, k}. Neighbouring invocations fetch neighbouring memory.
uvec2 place_of(uint index) {
  if (index < kBlocksA)
    return 4 * (transpose_a == 0 ? uvec2(index / kBlocksK, index % kBlocksK * 2)
                                 : uvec2(index % kBlocksM, index / kBlocksM * 2));
  index -= kBlocksA;
  return 4 * (transpose_b != 0 ? uvec2(index / kBlocksK, index % kBlocksK * 2)
                               : uvec2(index % kBlocksN, index / kBlocksN * 2));
}
Block fetch(uint index, uint k) {
  const uvec2 at = place_of(index);
  if (index < kBlocksA) return block_a(tile.m0 + at.x, k + at.y);
  return block_b(tile.n0 + at.x, k + at.y);
}
void place(uint index, Block block) {
  const uvec2 at = place_of(index);
  const uint to = at.x * kPitch + at.y / 8;
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    if (index < kBlocksA)
      slice_a[to + i * kPitch] = block.line[i];
    else
      slice_b[to + i * kPitch] = block.line[i];
  }
}

float slice_row_sum(uint row) {
  float sum = 0.0;
  for (uint q = 0; q < tile_k / 8; ++q) {
    const uvec4 eight = slice_a[row * kPitch + q];
    sum += sum4(unpack4(eight.xy) + unpack4(eight.zw));
  }
  return sum;
}

// The epilogue of one fragment of sums.
void store_fragment(uint first, uint row, uint column) {
  [[unroll]] for (uint s = 0; s < kFragment; s += kWidth) {
    const uint g = s + gl_SubgroupInvocationID;
    if (g < kFragment)
      store_four(tile.c_base, row + g / (fragment_n / 4), column + g % (fragment_n / 4) * 4, leaving[first + g]);
  }
}

void main() {
  if (!has_tile()) return;  // uniform in the workgroup, so the barriers below stay legal
  tile = find_tile();
  const uint own_m = gl_SubgroupID / kAcross * rows;
  const uint own_n = gl_SubgroupID % kAcross * columns;

  coopmat<float, gl_ScopeSubgroup, fragment_m, fragment_n, gl_MatrixUseAccumulator> sums[kFragmentsM * kFragmentsN];
  [[unroll]] for (uint i = 0; i < kFragmentsM * kFragmentsN; ++i)
    sums[i] = coopmat<float, gl_ScopeSubgroup, fragment_m, fragment_n, gl_MatrixUseAccumulator>(0.0);

  Block next[kFetches];
  [[unroll]] for (uint f = 0; f < kFetches; ++f) {
    const uint index = f * workgroup_size + lane();
    if (index < kBlocks && tile.k_begin < tile.k_end) next[f] = fetch(index, tile.k_begin);
  }
  float row_total = 0.0;  // of the invocation's row of the tile
  for (uint k = tile.k_begin; k < tile.k_end; k += tile_k) {
    barrier();
    [[unroll]] for (uint f = 0; f < kFetches; ++f) {
      const uint index = f * workgroup_size + lane();
      if (index < kBlocks) place(index, next[f]);
    }
    barrier();
    if (sums_rows(tile) && lane() < tile_m) row_total += slice_row_sum(lane());
    if (k + tile_k < tile.k_end) {
      [[unroll]] for (uint f = 0; f < kFetches; ++f) {
        const uint index = f * workgroup_size + lane();
        if (index < kBlocks) next[f] = fetch(index, k + tile_k);
      }
    }
    [[unroll]] for (uint q = 0; q < tile_k; q += fragment_k) {
      coopmat<OPERAND, gl_ScopeSubgroup, fragment_m, fragment_k, gl_MatrixUseA> x[kFragmentsM];
      [[unroll]] for (uint i = 0; i < kFragmentsM; ++i)
        coopMatLoad(x[i], slice_a, (own_m + i * fragment_m) * kPitch + q / 8, kPitch,
                    gl_CooperativeMatrixLayoutRowMajor);
      [[unroll]] for (uint j = 0; j < kFragmentsN; ++j) {
        coopmat<OPERAND, gl_ScopeSubgroup, fragment_k, fragment_n, gl_MatrixUseB> y;
        coopMatLoad(y, slice_b, (own_n + j * fragment_n) * kPitch + q / 8, kPitch,
                    gl_CooperativeMatrixLayoutColumnMajor);
        [[unroll]] for (uint i = 0; i < kFragmentsM; ++i)
          sums[i * kFragmentsN + j] = coopMatMulAdd(x[i], y, sums[i * kFragmentsN + j]);
      }
    }
  }

  if (sums_rows(tile) && lane() < tile_m) store_row_sum(tile, tile.m0 + lane(), row_total);
  const uint first = gl_SubgroupID * kFragment;
  [[unroll]] for (uint i = 0; i < kFragmentsM * kFragmentsN; ++i) {
    barrier();
    coopMatStore(sums[i], leaving, first, fragment_n / 4, gl_CooperativeMatrixLayoutRowMajor);
    barrier();
    store_fragment(first, tile.m0 + own_m + i / kFragmentsN * fragment_m,
                   tile.n0 + own_n + i % kFragmentsN * fragment_n);
  }
}
