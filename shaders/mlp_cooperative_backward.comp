// A whole small network, backward, by the device's matrix unit. A workgroup walks tiles of rows; of each, the gradient goes
// from the last layer to the first in shared memory, as halves, and every layer adds, in f32, to the workgroup's own copy of
// the gradients of the weights, which a second launch adds up in order. The one behind each row makes a bias's gradient the
// last row of its matrix's.
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
#include "mlp_cooperative_backward.h"
#include "common/index.glsl"
#include "common/formats.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 1) readonly buffer W1 { uint w1[]; };
layout(binding = 1) readonly buffer W2 { uvec2 w2[]; };
layout(binding = 2) readonly buffer Hidden1 { uint hidden1[]; };
layout(binding = 2) readonly buffer Hidden2 { uvec2 hidden2[]; };
layout(binding = 3) readonly buffer Dy1 { uint dy1[]; };
layout(binding = 3) readonly buffer Dy2 { uvec2 dy2[]; };
layout(binding = 4) buffer Partial { float partial[]; };
layout(binding = 5) buffer Dx1 { uint dx1[]; };

#define TILES 2
#define GRADIENT 0  // of what the matrix in hand makes; zero past the last row
#define LAYER 1     // what it reads
#include "common/mlp_matrix.glsl"

DEFINE_FOUR(x_four, x1, x2)
DEFINE_FOUR(hidden_four, hidden1, hidden2)
DEFINE_FOUR(dy_four, dy1, dy2)
DEFINE_LOAD(load_x, x_four)
DEFINE_LOAD(load_hidden, hidden_four)
DEFINE_LOAD(load_dy, dy_four)

void take_hidden(uint row, uint unit, vec4 v) {
  if (unit < kWidth) put_quad(GRADIENT, row, unit, halves(v * slope_of(values(tile_quad(LAYER, row, unit)))));
}
void take_input(uint row, uint unit, vec4 v) { put_quad(GRADIENT, row, unit, halves(v)); }
DEFINE_DRAIN(drain_hidden, take_hidden)
DEFINE_DRAIN(drain_input, take_input)
DEFINE_STORE(store_dx, dx1)

// Adds layer^T gradient to the matrix [height, width] of this workgroup's copy from `to` on, a fragment of it at a time.
// The matrix unit is for all subgroups alike; those without a fragment take one that is dropped.
void add_fragment(uint to, uint row, uint column, uint height, uint width, bool fresh) {
  coopmat<float, gl_ScopeSubgroup, fragment_m, fragment_n, gl_MatrixUseAccumulator> sum =
      coopmat<float, gl_ScopeSubgroup, fragment_m, fragment_n, gl_MatrixUseAccumulator>(0.0);
  [[unroll]] for (uint k = 0; k < kTile; k += fragment_k) {
    coopmat<OPERAND, gl_ScopeSubgroup, fragment_m, fragment_k, gl_MatrixUseA> x;
    coopmat<OPERAND, gl_ScopeSubgroup, fragment_k, fragment_n, gl_MatrixUseB> y;
    coopMatLoad(x, tiles, LAYER * kTileWords + k * kPitch + row / 8, kPitch, gl_CooperativeMatrixLayoutColumnMajor);
    coopMatLoad(y, tiles, GRADIENT * kTileWords + k * kPitch + column / 8, kPitch, gl_CooperativeMatrixLayoutRowMajor);
    sum = coopMatMulAdd(x, y, sum);
  }
  coopMatStore(sum, leaving, gl_SubgroupID * kFragment, fragment_n / 4, gl_CooperativeMatrixLayoutRowMajor);
  subgroupBarrier();
  FOR_FOUR_OF_FRAGMENT(g) {
    const uint r = row + fragment_row(g), c = column + fragment_column(g);
    const vec4 v = left(g);
    [[unroll]] for (uint j = 0; j < 4; ++j) {
      const uint at = to + r * width + c + j;
      if (r < height && c + j < width) partial[at] = fresh ? v[j] : partial[at] + v[j];
    }
  }
  subgroupBarrier();
}
void add_weights(uint to, uint height, uint width, bool fresh) {
  const uint columns = kUnits / fragment_n, fragments = kDepth / fragment_m * columns;
  [[dont_unroll]] for (uint f = 0; f < fragments; f += subgroups) {
    const uint own = min(f + gl_SubgroupID, fragments - 1);
    add_fragment(to, own / columns * fragment_m, own % columns * fragment_n, own == f + gl_SubgroupID ? height : 0,
                 width, fresh);
  }
}

void main() {
  if (workgroup_index() >= params.groups) return;
  const uint own = workgroup_index() * params.weights;
  for (uint t = params.first + workgroup_index(); t < params.tiles; t += params.groups) {
    const bool fresh = t == workgroup_index();
    const uint first = t * kTile, rows = min(kTile, params.rows - first);
    barrier();  // the tile before is done with
    load_dy(GRADIENT, outs, rows, first * outs, false);
    [[dont_unroll]] for (uint layer = hidden_layers; layer > 0; --layer) {
      const uint matrix = 4 * matrix_of(layer), width = layer == hidden_layers ? outs : kWidth;
      load_hidden(LAYER, kWidth, rows, ((layer - 1) * params.rows + first) * kWidth, true);
      barrier();
      add_weights(own + matrix, kWidth + 1, width, fresh);
      multiply(GRADIENT, matrix, kWidth, width, true);
      drain_hidden();
      barrier();  // the slopes have been read, and the gradient stands one layer down
    }
    load_x(LAYER, ins, rows, first * ins, true);
    barrier();
    add_weights(own, ins + 1, kWidth, fresh);
    if (extra != 0) {
      multiply(GRADIENT, 0, ins, kWidth, true);
      drain_input();
      barrier();
      store_dx(GRADIENT, ins, rows, first * ins);
    }
  }
}
