// A whole small network, forward, by the device's matrix unit. One workgroup per tile of rows, which stays in shared memory
// from the first layer to the last, as halves; the sums of a layer are f32.
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
#include "mlp_cooperative.h"
#include "common/index.glsl"
#include "common/formats.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 1) readonly buffer W1 { uint w1[]; };
layout(binding = 1) readonly buffer W2 { uvec2 w2[]; };
layout(binding = 2) buffer Y1 { uint y1[]; };
layout(binding = 3) writeonly buffer Hidden2 { uvec2 hidden2[]; };

#define TILES 1
#include "common/mlp_matrix.glsl"

DEFINE_FOUR(x_four, x1, x2)
DEFINE_LOAD(load_x, x_four)

void take_hidden(uint row, uint unit, vec4 v) {
  if (unit < kWidth) put_quad(0, row, unit, halves(activated(v)));
}
void take_output(uint row, uint unit, vec4 v) {
  if (unit < kUnits) put_quad(0, row, unit, halves(v));
}
DEFINE_DRAIN(drain_hidden, take_hidden)
DEFINE_DRAIN(drain_output, take_output)
DEFINE_STORE(store_y, y1)

void main() {
  const uint first = workgroup_index() * kTile;
  if (first >= params.rows) return;  // uniform in the workgroup, so the barriers below stay legal
  const uint rows = min(kTile, params.rows - first);
  load_x(0, ins, rows, first * ins, true);
  [[dont_unroll]] for (uint layer = 0; layer < hidden_layers; ++layer) {
    if (layer == 0)
      multiply(0, 0, ins + 1, kWidth, false);
    else
      multiply(0, 4 * matrix_of(layer), kWidth + 1, kWidth, false);
    drain_hidden();
    barrier();
    if (extra != 0) {
      for (uint i = lane(); i < rows * quads; i += workgroup_size)
        hidden2[(layer * params.rows + first) * quads + i] = tile_quad(0, i / quads, i % quads * 4);
    }
  }
  multiply(0, 4 * matrix_of(hidden_layers), kWidth + 1, outs, false);
  drain_output();
  barrier();
  store_y(0, outs, rows, first * outs);
}
