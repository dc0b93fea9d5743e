// A narrow network on the matrix unit. Tiles of rows lie in shared memory as halves, each row followed by a one: [h, 1] W
// is then the whole layer, whose last row is the bias. Weights come in slices, in which what is summed over lies side by
// side. The subgroups of a workgroup share the fragments of a product by rows and columns. The includer defines OPERAND, the
// weights as w1[] and w2[], and TILES, how many tiles it keeps.
#ifndef COMMON_MLP_MATRIX
#define COMMON_MLP_MATRIX
#include "common/halves_block.glsl"
#include "common/mlp.glsl"

const uint kUnits = (kWidth + 15) / 16 * 16;      // of a layer, in whole fragments whatever their size
const uint kDepth = (kWidth + 16) / 16 * 16;      // the same with the one behind them
const uint kPitch = kDepth / 8 + 1;               // one group of padding moves the rows to different banks
const uint kSlicePitch = slice / 8 + 1;
const uint kTileWords = kTile * kPitch;

const uint kFragment = fragment_m * fragment_n / 4;
const uint kSubgroupsM = subgroups / across;
const uint kOwnM = (kTile / fragment_m + kSubgroupsM - 1) / kSubgroupsM;
const uint kOwnN = (kUnits / fragment_n + across - 1) / across;
const uint kLanes = workgroup_size / subgroups;

shared uvec4 tiles[TILES * kTileWords];          // [row][unit / 8]
shared uvec4 weights_slice[kUnits * kSlicePitch];  // [line][depth / 8]
shared vec4 leaving[subgroups * kFragment];

coopmat<float, gl_ScopeSubgroup, fragment_m, fragment_n, gl_MatrixUseAccumulator> sums[kOwnM * kOwnN];

uint own_row(uint i) { return (gl_SubgroupID / across * kOwnM + i) * fragment_m; }
uint own_unit(uint j) { return (gl_SubgroupID % across * kOwnN + j) * fragment_n; }

#ifdef T_bf16
const uint kFormat = FORMAT_BF16;
const uint kOne = 0x3f80u;
#else
const uint kFormat = FORMAT_F16;
const uint kOne = 0x3c00u;
#endif
const uint kNoOne = 0xffffffffu;

uvec2 halves(vec4 v) { return uvec2(pack_half(kFormat, v.xy), pack_half(kFormat, v.zw)); }
vec4 values(uvec2 v) { return vec4(unpack_half(kFormat, v.x), unpack_half(kFormat, v.y)); }

uint tile_half(uint tile, uint row, uint unit) {
  return tiles[tile * kTileWords + row * kPitch + unit / 8][unit % 8 / 2] >> unit % 2 * 16 & 0xffffu;
}
// Four units of a row, the first a multiple of four.
uvec2 tile_quad(uint tile, uint row, uint unit) {
  const uvec4 eight = tiles[tile * kTileWords + row * kPitch + unit / 8];
  return unit % 8 == 0 ? eight.xy : eight.zw;
}
void put_quad(uint tile, uint row, uint unit, uvec2 v) {
  const uint at = tile * kTileWords + row * kPitch + unit / 8;
  if (unit % 8 == 0)
    tiles[at].xy = v;
  else
    tiles[at].zw = v;
}

// Defines four(e, count): the elements e to e + 3 of a tensor, those past the first `count` zero; `whole` says that e is a
// multiple of four and nothing is past.
#define DEFINE_FOUR(four, words, pairs)                                                    \
  uvec2 four(uint e, uint count, bool whole) {                                             \
    if (whole) return pairs[e / 4];                                                        \
    uvec2 v = uvec2(0);                                                                    \
    [[unroll]] for (uint j = 0; j < 4; ++j) {                                              \
      if (j < count) v[j / 2] |= (words[(e + j) / 2] >> (e + j) % 2 * 16 & 0xffffu) << j % 2 * 16; \
    }                                                                                      \
    return v;                                                                              \
  }
DEFINE_FOUR(w_four, w1, w2)

// Defines name(tile, count, rows, from): the first `count` units of each row of a tile are those of a tensor from element
// `from` on, then comes `one`, or zero where there is to be none. Rows past the end are zero but for it.
#define DEFINE_LOAD(name, four)                                                            \
  void name(uint tile, uint count, uint rows, uint from, bool one) {                       \
    for (uint i = lane(); i < kTile * (kDepth / 4); i += workgroup_size) {                 \
      const uint row = i / (kDepth / 4), unit = i % (kDepth / 4) * 4;                      \
      uvec2 v = uvec2(0);                                                                  \
      if (row < rows && unit < count) v = four(from + row * count + unit, count - unit, count % 4 == 0); \
      [[unroll]] for (uint j = 0; j < 4; ++j) {                                            \
        if (one && (unit + j == count || unit + j == kWidth)) v[j / 2] |= kOne << j % 2 * 16; \
      }                                                                                    \
      put_quad(tile, row, unit, v);                                                        \
    }                                                                                      \
  }

// The slice of a matrix [height, width] from `first` on. Lines are its columns, and what is summed over its rows; or,
// `turned`, the other way round.
void stage(uint matrix, uint height, uint width, uint first, bool turned) {
  const bool whole = width % 4 == 0;
  if (turned) {
    for (uint i = lane(); i < kUnits * (slice / 8); i += workgroup_size) {
      const uint row = i / (slice / 8), group = i % (slice / 8), column = first + group * 8;
      uvec4 eight = uvec4(0);
      if (row < height && column < width) eight.xy = w_four(matrix + row * width + column, width - column, whole);
      if (row < height && column + 4 < width)
        eight.zw = w_four(matrix + row * width + column + 4, width - column - 4, whole);
      weights_slice[row * kSlicePitch + group] = eight;
    }
    return;
  }
  for (uint i = lane(); i < kUnits / 4 * (slice / 8); i += workgroup_size) {
    const uint column = i % (kUnits / 4) * 4, group = i / (kUnits / 4);
    uvec2 x[8];
    [[unroll]] for (uint j = 0; j < 8; ++j) {
      const uint row = first + group * 8 + j;
      x[j] = row < height && column < width ? w_four(matrix + row * width + column, width - column, whole) : uvec2(0);
    }
    const Block block = turned_block(x);
    [[unroll]] for (uint j = 0; j < 4; ++j) weights_slice[(column + j) * kSlicePitch + group] = block.line[j];
  }
}

// sums = tile times the matrix, or times its transpose. For all invocations of the workgroup alike: where fragments do not
// share out evenly, a subgroup makes one again that another has, and drops it.
void multiply(uint tile, uint matrix, uint height, uint width, bool turned) {
  [[unroll]] for (uint i = 0; i < kOwnM * kOwnN; ++i)
    sums[i] = coopmat<float, gl_ScopeSubgroup, fragment_m, fragment_n, gl_MatrixUseAccumulator>(0.0);
  for (uint first = 0; first < kDepth; first += slice) {
    barrier();
    stage(matrix, height, width, first, turned);
    barrier();
    [[dont_unroll]] for (uint q = 0; q < slice; q += fragment_k) {
      coopmat<OPERAND, gl_ScopeSubgroup, fragment_m, fragment_k, gl_MatrixUseA> x[kOwnM];
      [[unroll]] for (uint i = 0; i < kOwnM; ++i)
        coopMatLoad(x[i], tiles, tile * kTileWords + min(own_row(i), kTile - fragment_m) * kPitch + (first + q) / 8,
                    kPitch, gl_CooperativeMatrixLayoutRowMajor);
      [[unroll]] for (uint j = 0; j < kOwnN; ++j) {
        coopmat<OPERAND, gl_ScopeSubgroup, fragment_k, fragment_n, gl_MatrixUseB> y;
        coopMatLoad(y, weights_slice, min(own_unit(j), kUnits - fragment_n) * kSlicePitch + q / 8, kSlicePitch,
                    gl_CooperativeMatrixLayoutColumnMajor);
        [[unroll]] for (uint i = 0; i < kOwnM; ++i)
          sums[i * kOwnN + j] = coopMatMulAdd(x[i], y, sums[i * kOwnN + j]);
      }
    }
  }
  barrier();  // everybody has read the tile
}

// The fragment in hand, where each invocation of the subgroup finds four elements of a row at a time.
#define FOR_FOUR_OF_FRAGMENT(g) \
  [[unroll]] for (uint g = gl_SubgroupInvocationID; g < kFragment; g += kLanes)
uint fragment_row(uint g) { return g / (fragment_n / 4); }
uint fragment_column(uint g) { return g % (fragment_n / 4) * 4; }
vec4 left(uint g) { return leaving[gl_SubgroupID * kFragment + g]; }

// Defines name(): hands every four sums of the tile to take(row, unit, sums).
#define DEFINE_DRAIN(name, take)                                                                         \
  void name() {                                                                                          \
    [[unroll]] for (uint f = 0; f < kOwnM * kOwnN; ++f) {                                                \
      const uint row = own_row(f / kOwnN), unit = own_unit(f % kOwnN);                                   \
      coopMatStore(sums[f], leaving, gl_SubgroupID * kFragment, fragment_n / 4, gl_CooperativeMatrixLayoutRowMajor); \
      subgroupBarrier();                                                                                 \
      FOR_FOUR_OF_FRAGMENT(g) {                                                                          \
        if (row < kTile && unit < kUnits) take(row + fragment_row(g), unit + fragment_column(g), left(g)); \
      }                                                                                                  \
      subgroupBarrier();                                                                                 \
    }                                                                                                    \
  }

// Defines name(tile, count, rows, to): the first `count` units of each row become elements of a tensor from `to` on, which is
// a whole word. An invocation makes whole words, whichever rows their elements are of.
#define DEFINE_STORE(name, words)                                                          \
  void name(uint tile, uint count, uint rows, uint to) {                                   \
    for (uint i = 2 * lane(); i < rows * count; i += 2 * workgroup_size) {                 \
      const uint low = tile_half(tile, i / count, i % count);                              \
      if (i + 1 < rows * count)                                                            \
        words[(to + i) / 2] = low | tile_half(tile, (i + 1) / count, (i + 1) % count) << 16; \
      else                                                                                 \
        words[(to + i) / 2] = words[(to + i) / 2] & 0xffff0000u | low;                     \
    }                                                                                      \
  }

#endif
