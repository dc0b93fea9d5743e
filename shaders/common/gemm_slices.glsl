// Multiplying through shared memory: a workgroup's tile of C takes A and B in slices of `tile_k`, fetched as 4x4 blocks by
// all invocations and read back in groups of four; an invocation owns `rows` x `columns` of the tile, groups of four spread
// over it. The next slice travels from memory while this one is multiplied. The includer defines, after it:
//   mat4 fetch(uint block, uint k)  block `block` of the slice at k: four neighbours along M or N in each column, a column
//                                   for each k; zero past the ends
//   uvec2 place_of(uint block)      where it lies: {block along M or N, block along K}
//   void meet_slice()               called when a slice lies in shared memory
#ifndef COMMON_GEMM_SLICES
#define COMMON_GEMM_SLICES

const uint kBlocksM = tile_m / 4;
const uint kBlocksN = tile_n / 4;
const uint kBlocksK = tile_k / 4;
const uint kBlocksA = kBlocksM * kBlocksK;  // blocks of A come first
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

vec4 sums[rows * kColumnGroups];

mat4 fetch(uint block, uint k);
uvec2 place_of(uint block);
void meet_slice();

void place(uint block, mat4 x) {
  const uvec2 at = place_of(block);
  [[unroll]] for (uint q = 0; q < 4; ++q) {
    if (block < kBlocksA)
      slice_a[(at.y * 4 + q) * kStrideM + at.x] = x[q];
    else
      slice_b[(at.y * 4 + q) * kStrideN + at.x] = x[q];
  }
}

// The row of the tile, and the first of four columns, that `sums[r * kColumnGroups + g]` is.
uint row_of(uint r) { return (r / 4 * kThreadsM + lane() / kThreadsN) * 4 + r % 4; }
uint column_of(uint g) { return (g * kThreadsN + lane() % kThreadsN) * 4; }

// sums = A B over k_begin <= k < k_end. For all invocations of the workgroup alike: there are barriers inside.
void multiply_slices(uint k_begin, uint k_end) {
  const uint own_m = lane() / kThreadsN;
  const uint own_n = lane() % kThreadsN;
  [[unroll]] for (uint i = 0; i < rows * kColumnGroups; ++i) sums[i] = vec4(0.0);

  mat4 next[kFetches];
  [[unroll]] for (uint f = 0; f < kFetches; ++f) {
    const uint block = f * workgroup_size + lane();
    if (block < kBlocks && k_begin < k_end) next[f] = fetch(block, k_begin);
  }
  for (uint k = k_begin; k < k_end; k += tile_k) {
    barrier();
    [[unroll]] for (uint f = 0; f < kFetches; ++f) {
      const uint block = f * workgroup_size + lane();
      if (block < kBlocks) place(block, next[f]);
    }
    barrier();
    meet_slice();
    if (k + tile_k < k_end) {
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
}

#endif
