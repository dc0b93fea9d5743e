// A whole small network, backward, from its hidden layers. A workgroup walks tiles of rows; of each, the gradient goes from
// the last layer to the first in shared memory, and every layer adds to the workgroup's own copy of the gradients of the
// weights, which a second launch adds up in order.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "mlp_backward.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/mlp.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) readonly buffer W1 { uint w1[]; };
layout(binding = 1) readonly buffer W2 { uvec2 w2[]; };
layout(binding = 1) readonly buffer W4 { uvec4 w4[]; };
layout(binding = 2) readonly buffer Hidden1 { uint hidden1[]; };
layout(binding = 2) readonly buffer Hidden2 { uvec2 hidden2[]; };
layout(binding = 2) readonly buffer Hidden4 { uvec4 hidden4[]; };
layout(binding = 3) readonly buffer Dy1 { uint dy1[]; };
layout(binding = 4) buffer Partial { float partial[]; };
layout(binding = 4) buffer Partial4 { vec4 partial4[]; };
layout(binding = 5) buffer Dx1 { uint dx1[]; };
layout(binding = 5) buffer Dx2 { uvec2 dx2[]; };
layout(binding = 5) buffer Dx4 { uvec4 dx4[]; };

DEFINE_READER(x_bits, x_quad_bits, format, x1, x2, x4)
DEFINE_READER(w_bits, w_quad_bits, format, w1, w2, w4)
DEFINE_READER(hidden_bits, hidden_quad_bits, format, hidden1, hidden2, hidden4)
DEFINE_WRITER(dx_quad, format, dx1, dx2, dx4)

float x_at(uint i) { return uintBitsToFloat(x_bits(i)); }
vec4 x_quad(uint q) { return uintBitsToFloat(x_quad_bits(q)); }
float w_at(uint i) { return uintBitsToFloat(w_bits(i)); }
vec4 w_quad(uint q) { return uintBitsToFloat(w_quad_bits(q)); }
float dy_at(uint i) {
  if (format_is_half(format)) return unpack_half(format, dy1[i >> 1])[i & 1u];
  return uintBitsToFloat(dy1[i]);
}

shared vec4 layer_tile[kTile * quads];     // what the matrix in hand reads
shared vec4 gradient_tile[kTile * quads];  // the gradient of what it makes; zero past the last row

uint first;   // row of the tile
uint rows;    // of the tile
bool fresh;   // the workgroup's first tile
uint own;     // where its copy of the gradients begins

void add_four(uint quad, vec4 v) {
  const uint at = own / 4 + quad;
  partial4[at] = fresh ? v : partial4[at] + v;
}
void add_one(uint element, float v) {
  const uint at = own + element;
  partial[at] = fresh ? v : partial[at] + v;
}

void load_layer(uint layer) {
  for (uint i = lane(); i < kTile * quads; i += workgroup_size) {
    const uint row = min(first + i / quads, params.rows - 1);
    layer_tile[i] = uintBitsToFloat(hidden_quad_bits((layer * params.rows + row) * quads + i % quads));
  }
}

// The last matrix: its gradient, and that of the last hidden layer.
void last_weights() {
  const uint matrix = 4 * matrix_of(hidden_layers);
  for (uint item = lane(); item < (quads + 1) * outs; item += workgroup_size) {
    const uint k = item / outs, column = item - k * outs;
    vec4 sum = vec4(0.0);
    [[dont_unroll]] for (uint r = 0; r < rows; ++r) {
      const float d = dy_at((first + r) * outs + column);
      sum += d * (k < quads ? layer_tile[r * quads + k] : vec4(1.0));
    }
    [[unroll]] for (uint j = 0; j < 4; ++j) {
      if (k < quads || j == 0) add_one(matrix + (4 * k + j) * outs + column, sum[j]);
    }
  }
}
void last_gradient(uint row, uint column) {
  const uint matrix = 4 * (matrix_of(hidden_layers) + column * outs);
  vec4 sums[each];
  [[unroll]] for (uint i = 0; i < each; ++i) sums[i] = vec4(0.0);
  [[dont_unroll]] for (uint o = 0; o < outs; ++o) {
    vec4 w;
    [[unroll]] for (uint j = 0; j < 4; ++j) w[j] = w_at(matrix + j * outs + o);
    [[unroll]] for (uint i = 0; i < each; ++i) {
      if (row + i < rows) sums[i] += dy_at((first + row + i) * outs + o) * w;
    }
  }
  [[unroll]] for (uint i = 0; i < each; ++i)
    gradient_tile[(row + i) * quads + column] = sums[i] * slope_of(layer_tile[(row + i) * quads + column]);
}

// The gradient of a hidden matrix, eight by four elements at a time, and of its bias.
void hidden_weights(uint layer) {
  const uint matrix = matrix_of(layer), column = own_column();
  for (uint k = own_block() * 2; k < quads; k += blocks * 2) {
    const uint other = min(k + 1, quads - 1);
    vec4 sums[8];
    [[unroll]] for (uint j = 0; j < 8; ++j) sums[j] = vec4(0.0);
    [[dont_unroll]] for (uint r = 0; r < kTile; ++r) {
      const vec4 d = gradient_tile[r * quads + column];
      const vec4 low = layer_tile[r * quads + k], high = layer_tile[r * quads + other];
      [[unroll]] for (uint j = 0; j < 4; ++j) {
        sums[j] = fma(vec4(low[j]), d, sums[j]);
        sums[4 + j] = fma(vec4(high[j]), d, sums[4 + j]);
      }
    }
    [[unroll]] for (uint j = 0; j < 8; ++j) {
      if (4 * k + j < kWidth) add_four(matrix + (4 * k + j) * quads + column, sums[j]);
    }
  }
}
void first_weights() {
  const uint wide = (ins + 3) / 4, column = own_column();
  for (uint k = own_block(); k < wide; k += blocks) {
    vec4 sums[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
    [[dont_unroll]] for (uint r = 0; r < rows; ++r) {
      const uint at = (first + r) * ins + 4 * k;
      vec4 x = vec4(0.0);
      if (kWideIns)
        x = x_quad(at / 4);
      else
        [[unroll]] for (uint j = 0; j < 4; ++j) {
          if (4 * k + j < ins) x[j] = x_at(at + j);
        }
      const vec4 d = gradient_tile[r * quads + column];
      [[unroll]] for (uint j = 0; j < 4; ++j) sums[j] = fma(vec4(x[j]), d, sums[j]);
    }
    [[unroll]] for (uint j = 0; j < 4; ++j) {
      if (4 * k + j < ins) add_four((4 * k + j) * quads + column, sums[j]);
    }
  }
}
void bias(uint layer) {
  const uint to = matrix_of(layer) + (layer == 0 ? ins : kWidth) * quads;
  for (uint column = lane(); column < quads; column += workgroup_size) {
    vec4 sum = vec4(0.0);
    [[dont_unroll]] for (uint r = 0; r < kTile; ++r) sum += gradient_tile[r * quads + column];
    add_four(to + column, sum);
  }
}

// The gradient of what a matrix reads: rows of the tile times rows of the matrix.
void through_matrix(uint layer, uint row, uint column, out vec4 sums[each]) {
  const uint matrix = matrix_of(layer) + 4 * column * quads;
  [[unroll]] for (uint i = 0; i < each; ++i) sums[i] = vec4(0.0);
  [[dont_unroll]] for (uint k = 0; k < quads; ++k) {
    vec4 w[4];
    [[unroll]] for (uint j = 0; j < 4; ++j) w[j] = w_quad(matrix + j * quads + k);
    [[unroll]] for (uint i = 0; i < each; ++i) {
      const vec4 d = gradient_tile[(row + i) * quads + k];
      sums[i] += vec4(dot4(d, w[0]), dot4(d, w[1]), dot4(d, w[2]), dot4(d, w[3]));
    }
  }
}

// Whole groups of four of dx, a row after another.
void wide_input_gradient(uint row) {
  for (uint column = own_column(); column < ins / 4; column += quads) {
    vec4 sums[each];
    through_matrix(0, row, column, sums);
    [[unroll]] for (uint i = 0; i < each; ++i) {
      if (row + i < rows) dx_quad(((first + row + i) * ins) / 4 + column, floatBitsToUint(sums[i]), 4);
    }
  }
}
// The same where words may lie across two rows: four elements in a row after another.
void input_gradient() {
  const uint count = rows * ins;
  for (uint i = 4 * lane(); i < count; i += 4 * workgroup_size) {
    const uint n = min(4, count - i);
    vec4 v = vec4(0.0);
    [[unroll]] for (uint j = 0; j < 4; ++j) {
      if (j < n) {
        const uint row = (i + j) / ins, column = (i + j) - row * ins;
        float sum = 0.0;
        [[dont_unroll]] for (uint k = 0; k < quads; ++k)
          sum += dot4(gradient_tile[row * quads + k], w_quad(column * quads + k));
        v[j] = sum;
      }
    }
    dx_quad((first * ins + i) / 4, floatBitsToUint(v), n);
  }
}

void main() {
  if (workgroup_index() >= params.groups) return;
  const uint column = own_column();
  const bool owner = own_block() < blocks;
  own = workgroup_index() * params.weights;
  for (uint t = params.first + workgroup_index(); t < params.tiles; t += params.groups) {
    fresh = t == workgroup_index();
    first = t * kTile;
    rows = min(kTile, params.rows - first);
    barrier();  // the tile before is done with
    load_layer(hidden_layers - 1);
    barrier();
    last_weights();
    if (owner) {
      for (uint turn = 0; turn < turns; ++turn) last_gradient(turn * kTurn + own_block() * each, column);
    }
    [[dont_unroll]] for (uint layer = hidden_layers - 1; layer > 0; --layer) {
      barrier();
      load_layer(layer - 1);
      barrier();
      if (owner) hidden_weights(layer);
      bias(layer);
      barrier();  // the gradient has been read, and goes one layer down, row by row
      [[dont_unroll]] for (uint turn = 0; turn < turns; ++turn) {
        const uint row = turn * kTurn + own_block() * each;
        vec4 sums[each];
        if (owner) through_matrix(layer, row, column, sums);
        barrier();
        if (owner) {
          [[unroll]] for (uint i = 0; i < each; ++i) {
            const uint at = (row + i) * quads + column;
            gradient_tile[at] = sums[i] * slope_of(layer_tile[at]);
          }
        }
      }
    }
    barrier();
    if (owner) first_weights();
    bias(0);
    if (extra != 0 && !kWideIns) input_gradient();
    if (extra != 0 && kWideIns && owner) {
      for (uint turn = 0; turn < turns; ++turn) wide_input_gradient(turn * kTurn + own_block() * each);
    }
  }
}
