// One step of an LSTM, or its backward, which works the gates out again. Forward, one invocation per four consecutive elements
// of h and c'. Backward, one per four units of a row: it writes the gradients of their gates and of c. Where such a group does
// not own the words that it writes (a half type and an odd number of units), two passes with one invocation per four
// consecutive elements: of the gates' gradients, and of the gradient of c.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lstm_cell.h"
#include "common/index.glsl"
#include "common/floats.glsl"
#include "common/stable.glsl"

layout(binding = 0) readonly buffer A { uint a1[]; };
layout(binding = 1) readonly buffer B { uint b1[]; };
layout(binding = 2) readonly buffer C { uint c1[]; };
layout(binding = 3) readonly buffer DH { uint dh1[]; };
layout(binding = 4) readonly buffer DC { uint dc1[]; };
layout(binding = 5) buffer Y { uint y1[]; };  // h, or the gradient
layout(binding = 5) buffer Y4 { uvec4 y4[]; };
layout(binding = 6) buffer Next { uint next1[]; };  // c', or its gradient
layout(binding = 6) buffer Next4 { uvec4 next4[]; };

DEFINE_FLOAT_READER(load_a, format, a1)
DEFINE_FLOAT_READER(load_b, format, b1)
DEFINE_FLOAT_READER(load_c, format, c1)
DEFINE_FLOAT_READER(load_dh, format, dh1)
DEFINE_FLOAT_READER(load_dc, format, dc1)
DEFINE_FLOAT_WRITER(store_y, format, y1, y4)
DEFINE_FLOAT_WRITER(store_next, format, next1, next4)

struct Cell {
  float i, f, g, o;
  float before, next, tanh_next;
};

Cell cell_at(uint row, uint unit) {
  const uint gate = row * 4 * params.units + unit;
  float sums[4];
  [[unroll]] for (uint k = 0; k < 4; ++k) sums[k] = load_a(gate + k * params.units) + load_b(gate + k * params.units);
  Cell cell;
  cell.i = stable_sigmoid(sums[0]);
  cell.f = stable_sigmoid(sums[1]);
  cell.g = stable_tanh(sums[2]);
  cell.o = stable_sigmoid(sums[3]);
  cell.before = load_c(row * params.units + unit);
  cell.next = cell.f * cell.before + cell.i * cell.g;
  cell.tanh_next = stable_tanh(cell.next);
  return cell;
}

float dh_at(uint at) { return has_dh != 0 ? load_dh(at) : 0.0; }
// The gradient of c', its way through h included.
float dnext_at(Cell cell, uint at) {
  return (has_dc != 0 ? load_dc(at) : 0.0) + dh_at(at) * cell.o * (1.0 - cell.tanh_next * cell.tanh_next);
}

// Of i, f, g, o.
vec4 gate_gradients(Cell cell, uint at) {
  const float dnext = dnext_at(cell, at);
  return vec4(dnext * cell.g * cell.i * (1.0 - cell.i), dnext * cell.before * cell.f * (1.0 - cell.f),
              dnext * cell.i * (1.0 - cell.g * cell.g), dh_at(at) * cell.tanh_next * cell.o * (1.0 - cell.o));
}

void backward(uint group) {
  const uint groups = (params.units + 3) / 4, row = group / groups, unit = (group - row * groups) * 4;
  const uint n = min(4, params.units - unit);
  mat4 gates = mat4(0.0);  // a column a gate
  vec4 dc = vec4(0.0);
  [[unroll]] for (uint i = 0; i < 4; ++i) {  // so that no index of a register is computed
    if (i >= n) continue;
    const uint at = row * params.units + unit + i;
    const Cell cell = cell_at(row, unit + i);
    const vec4 of_unit = gate_gradients(cell, at);
    [[unroll]] for (uint k = 0; k < 4; ++k) gates[k][i] = of_unit[k];
    dc[i] = dnext_at(cell, at) * cell.f;
  }
  [[unroll]] for (uint k = 0; k < 4; ++k) store_y((row * 4 + k) * params.units + unit, gates[k], n);
  store_next(row * params.units + unit, dc, n);
}

float gate_gradient(uint element) {
  const uint row = element / (4 * params.units), column = element - row * 4 * params.units;
  const uint gate = column / params.units, unit = column - gate * params.units;
  return gate_gradients(cell_at(row, unit), row * params.units + unit)[gate];
}

void main() {
  if (part == CELL_BACKWARD) {
    if (invocation_index() < params.count) backward(invocation_index());
    return;
  }
  const uint first = invocation_index() * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  vec4 v = vec4(0.0), next = vec4(0.0);
  for (uint i = 0; i < n; ++i) {
    const uint element = first + i;
    if (part == CELL_GATES) {
      v[i] = gate_gradient(element);
    } else {
      const uint row = element / params.units;
      const Cell cell = cell_at(row, element - row * params.units);
      v[i] = part == CELL_FORWARD ? cell.o * cell.tanh_next : dnext_at(cell, element) * cell.f;
      next[i] = cell.next;
    }
  }
  store_y(first, v, n);
  if (part == CELL_FORWARD) store_next(first, next, n);
}
