// A whole small network, forward. One workgroup per tile of rows, which stays in shared memory from the first layer to the
// last; an invocation owns four units of `each` rows of it. The weights are read by every workgroup, from the cache.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "mlp.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/mlp.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) readonly buffer W1 { uint w1[]; };
layout(binding = 1) readonly buffer W2 { uvec2 w2[]; };
layout(binding = 1) readonly buffer W4 { uvec4 w4[]; };
layout(binding = 2) buffer Y1 { uint y1[]; };
layout(binding = 2) buffer Y2 { uvec2 y2[]; };
layout(binding = 2) buffer Y4 { uvec4 y4[]; };
layout(binding = 3) writeonly buffer Hidden2 { uvec2 hidden2[]; };
layout(binding = 3) writeonly buffer Hidden4 { uvec4 hidden4[]; };

DEFINE_READER(x_bits, x_quad_bits, format, x1, x2, x4)
DEFINE_READER(w_bits, w_quad_bits, format, w1, w2, w4)
DEFINE_WRITER(y_quad, format, y1, y2, y4)

float x_at(uint i) { return uintBitsToFloat(x_bits(i)); }
vec4 x_quad(uint q) { return uintBitsToFloat(x_quad_bits(q)); }
float w_at(uint i) { return uintBitsToFloat(w_bits(i)); }
vec4 w_quad(uint q) { return uintBitsToFloat(w_quad_bits(q)); }

shared vec4 tile[kTile * quads];

void keep(uint at, vec4 v) {
  if (format_is_half(format))
    hidden2[at] = uvec2(pack_half(format, v.xy), pack_half(format, v.zw));
  else
    hidden4[at] = floatBitsToUint(v);
}

// sums[i] += [x or h of row i] . the rows of the matrix from `matrix` on.
#define DEFINE_ADD(name, count, operand)                                                           \
  void name(inout vec4 sums[each], uint matrix) {                                                  \
    [[dont_unroll]] for (uint k = 0; k < count; ++k) {                                             \
      vec4 w[4];                                                                                   \
      [[unroll]] for (uint j = 0; j < 4; ++j) w[j] = w_quad(matrix + (4 * k + j) * quads);         \
      [[unroll]] for (uint i = 0; i < each; ++i) {                                                 \
        const vec4 v = operand;                                                                    \
        [[unroll]] for (uint j = 0; j < 4; ++j) sums[i] = fma(vec4(v[j]), w[j], sums[i]);          \
      }                                                                                            \
    }                                                                                              \
  }
uint row;           // the invocation's first, in the tile
uint x_row[each];   // where its rows of x begin; past the end the last again
DEFINE_ADD(add_layer, quads, tile[(row + i) * quads + k])
DEFINE_ADD(add_wide_inputs, ins / 4, x_quad(x_row[i] / 4 + k))
void add_inputs(inout vec4 sums[each], uint matrix) {
  [[dont_unroll]] for (uint k = 0; k < ins; ++k) {
    const vec4 w = w_quad(matrix + k * quads);
    [[unroll]] for (uint i = 0; i < each; ++i) sums[i] = fma(vec4(x_at(x_row[i] + k)), w, sums[i]);
  }
}

// The last layer, a column of y after another.
void write_columns(uint first) {
  const uint matrix = 4 * matrix_of(hidden_layers);
  for (uint o = own_column(); o < outs; o += quads) {
    float sums[each];
    [[unroll]] for (uint i = 0; i < each; ++i) sums[i] = w_at(matrix + kWidth * outs + o);
    [[dont_unroll]] for (uint k = 0; k < quads; ++k) {
      vec4 w;
      [[unroll]] for (uint j = 0; j < 4; ++j) w[j] = w_at(matrix + (4 * k + j) * outs + o);
      [[unroll]] for (uint i = 0; i < each; ++i) sums[i] += dot4(tile[(row + i) * quads + k], w);
    }
    [[unroll]] for (uint i = 0; i < each; ++i) {
      if (first + row + i < params.rows) y1[(first + row + i) * outs + o] = floatBitsToUint(sums[i]);
    }
  }
}
// The same in halves, whose words may lie across two rows: four elements in a row after another.
float output_at(uint i) {
  const uint r = i / outs, column = i - r * outs, matrix = 4 * matrix_of(hidden_layers) + column;
  float sum = w_at(matrix + kWidth * outs);
  [[dont_unroll]] for (uint k = 0; k < quads; ++k) {
    const vec4 h = tile[r * quads + k];
    [[unroll]] for (uint j = 0; j < 4; ++j) sum += h[j] * w_at(matrix + (4 * k + j) * outs);
  }
  return sum;
}
void write_words(uint first) {
  const uint count = min(kTile, params.rows - first) * outs;
  for (uint i = 4 * lane(); i < count; i += 4 * workgroup_size) {
    const uint n = min(4, count - i);
    vec4 v = vec4(0.0);
    [[unroll]] for (uint j = 0; j < 4; ++j) {
      if (j < n) v[j] = output_at(i + j);
    }
    y_quad((first * outs + i) / 4, floatBitsToUint(v), n);
  }
}

void main() {
  const uint first = workgroup_index() * kTile;
  if (first >= params.rows) return;  // uniform in the workgroup, so the barriers below stay legal
  const uint column = own_column();
  const bool owner = own_block() < blocks;
  row = own_block() * each;
  [[unroll]] for (uint i = 0; i < each; ++i) x_row[i] = min(first + row + i, params.rows - 1) * ins;

  [[dont_unroll]] for (uint layer = 0; layer < hidden_layers; ++layer) {
    vec4 sums[each];
    if (owner) {
      const uint matrix = matrix_of(layer) + column;
      const vec4 bias = w_quad(matrix + (layer == 0 ? ins : kWidth) * quads);
      [[unroll]] for (uint i = 0; i < each; ++i) sums[i] = bias;
      if (layer > 0)
        add_layer(sums, matrix);
      else if (kWideIns)
        add_wide_inputs(sums, matrix);
      else
        add_inputs(sums, matrix);
    }
    barrier();  // everybody has read the layer before
    if (owner) {
      [[unroll]] for (uint i = 0; i < each; ++i) {
        const vec4 h = activated(sums[i]);
        tile[(row + i) * quads + column] = h;
        if (extra != 0 && first + row + i < params.rows)
          keep((layer * params.rows + first + row + i) * quads + column, h);
      }
    }
    barrier();
  }
  if (format_is_half(format))
    write_words(first);
  else if (owner)
    write_columns(first);
}
