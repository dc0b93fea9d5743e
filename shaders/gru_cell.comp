// One step of a GRU, or its backward, which works the gates out again. Who works on what is as in lstm_cell.comp: the gates
// have two gradients here, of a and of b, which differ in the last one.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "gru_cell.h"
#include "common/index.glsl"
#include "common/floats.glsl"
#include "common/stable.glsl"

layout(binding = 0) readonly buffer A { uint a1[]; };
layout(binding = 1) readonly buffer B { uint b1[]; };
layout(binding = 2) readonly buffer H { uint h1[]; };
layout(binding = 3) readonly buffer DH { uint dh1[]; };
layout(binding = 4) buffer Y { uint y1[]; };  // h', da or dh
layout(binding = 4) buffer Y4 { uvec4 y4[]; };
layout(binding = 5) buffer DB { uint db1[]; };
layout(binding = 5) buffer DB4 { uvec4 db4[]; };
layout(binding = 6) buffer Before { uint before1[]; };  // the gradient of h
layout(binding = 6) buffer Before4 { uvec4 before4[]; };

DEFINE_FLOAT_READER(load_a, format, a1)
DEFINE_FLOAT_READER(load_b, format, b1)
DEFINE_FLOAT_READER(load_h, format, h1)
DEFINE_FLOAT_READER(load_dh, format, dh1)
DEFINE_FLOAT_WRITER(store_y, format, y1, y4)
DEFINE_FLOAT_WRITER(store_db, format, db1, db4)
DEFINE_FLOAT_WRITER(store_before, format, before1, before4)

struct Cell {
  float r, z, n;
  float b_n;
};

Cell cell_at(uint row, uint unit) {
  const uint r = row * 3 * params.units + unit, z = r + params.units, n = z + params.units;
  Cell cell;
  cell.r = stable_sigmoid(load_a(r) + load_b(r));
  cell.z = stable_sigmoid(load_a(z) + load_b(z));
  cell.b_n = load_b(n);
  cell.n = stable_tanh(load_a(n) + cell.r * cell.b_n);
  return cell;
}

// Of r, z, n and of b's part in n.
vec4 gate_gradients(Cell cell, uint at) {
  const float dh = load_dh(at);
  const float dn = dh * (1.0 - cell.z) * (1.0 - cell.n * cell.n);
  return vec4(dn * cell.b_n * cell.r * (1.0 - cell.r), dh * (load_h(at) - cell.n) * cell.z * (1.0 - cell.z), dn,
              dn * cell.r);
}

void backward(uint group) {
  const uint groups = (params.units + 3) / 4, row = group / groups, unit = (group - row * groups) * 4;
  const uint n = min(4, params.units - unit);
  mat4 gates = mat4(0.0);  // a column a gate, and one for b's part in n
  vec4 dh = vec4(0.0);
  [[unroll]] for (uint i = 0; i < 4; ++i) {  // so that no index of a register is computed
    if (i >= n) continue;
    const uint at = row * params.units + unit + i;
    const Cell cell = cell_at(row, unit + i);
    const vec4 of_unit = gate_gradients(cell, at);
    [[unroll]] for (uint k = 0; k < 4; ++k) gates[k][i] = of_unit[k];
    dh[i] = load_dh(at) * cell.z;
  }
  [[unroll]] for (uint k = 0; k < 3; ++k) {
    const uint first = (row * 3 + k) * params.units + unit;
    store_y(first, gates[k], n);
    store_db(first, gates[k < 2 ? k : 3], n);
  }
  store_before(row * params.units + unit, dh, n);
}

// Of a and of b.
vec2 gate_gradient(uint element) {
  const uint row = element / (3 * params.units), column = element - row * 3 * params.units;
  const uint gate = column / params.units, unit = column - gate * params.units;
  const vec4 gradients = gate_gradients(cell_at(row, unit), row * params.units + unit);
  return vec2(gradients[gate], gradients[gate < 2 ? gate : 3]);
}

void main() {
  if (part == CELL_BACKWARD) {
    if (invocation_index() < params.count) backward(invocation_index());
    return;
  }
  const uint first = invocation_index() * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  vec4 v = vec4(0.0), second = vec4(0.0);
  for (uint i = 0; i < n; ++i) {
    const uint element = first + i;
    if (part == CELL_GATES) {
      const vec2 both = gate_gradient(element);
      v[i] = both.x;
      second[i] = both.y;
    } else {
      const uint row = element / params.units;
      const Cell cell = cell_at(row, element - row * params.units);
      v[i] = part == CELL_STATE ? load_dh(element) * cell.z : (1.0 - cell.z) * cell.n + cell.z * load_h(element);
    }
  }
  store_y(first, v, n);
  if (part == CELL_GATES) store_db(first, second, n);
}
