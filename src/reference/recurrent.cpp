// One step of an LSTM and of a GRU, and their gradients.
#include "reference/recurrent.h"

#include <cmath>

#include "reference/functions.h"

namespace lemnos::reference {

namespace {

// Calls visit(place of the unit in the state, place of its first gate) for all of them; gates lie `units` apart.
template <typename Visit>
void each_unit(const Reference& c, size_t gates, Visit visit) {
  const auto units = static_cast<size_t>(c.in_shape(2)[1]);
  for (size_t at = 0; at < c.in[2].size(); ++at) visit(at, at / units * gates * units + at % units, units);
}

struct Lstm {
  double i, f, g, o, next, tanh_next;
};
Lstm lstm_of(const Reference& c, size_t at, size_t gate, size_t units) {
  const auto sum = [&](size_t k) { return c.in[0][gate + k * units] + c.in[1][gate + k * units]; };
  Lstm cell{sigmoid(sum(0)), sigmoid(sum(1)), std::tanh(sum(2)), sigmoid(sum(3)), 0, 0};
  cell.next = cell.f * c.in[2][at] + cell.i * cell.g;
  cell.tanh_next = std::tanh(cell.next);
  return cell;
}

struct Gru {
  double r, z, n, b_n;
};
Gru gru_of(const Reference& c, size_t gate, size_t units) {
  const auto &a = c.in[0], &b = c.in[1];
  Gru cell{sigmoid(a[gate] + b[gate]), sigmoid(a[gate + units] + b[gate + units]), 0, b[gate + 2 * units]};
  cell.n = std::tanh(a[gate + 2 * units] + cell.r * cell.b_n);
  return cell;
}

}  // namespace

void lstm_cell(const Reference& c) {
  each_unit(c, 4, [&](size_t at, size_t gate, size_t units) {
    const Lstm cell = lstm_of(c, at, gate, units);
    c.out[0][at] = cell.o * cell.tanh_next;
    c.out[1][at] = cell.next;
  });
}

void lstm_cell_backward(const Reference& c) {
  const auto attrs = c.attrs<LstmBackwardAttrs>();
  const bool has_dh = attrs.has_dh, has_dc = attrs.has_dc;
  each_unit(c, 4, [&](size_t at, size_t gate, size_t units) {
    const Lstm cell = lstm_of(c, at, gate, units);
    const double dh = has_dh ? c.in[3][at] : 0, dc = has_dc ? c.in.back()[at] : 0;
    const double dnext = dc + dh * cell.o * (1 - cell.tanh_next * cell.tanh_next);
    c.out[0][gate] = dnext * cell.g * cell.i * (1 - cell.i);
    c.out[0][gate + units] = dnext * c.in[2][at] * cell.f * (1 - cell.f);
    c.out[0][gate + 2 * units] = dnext * cell.i * (1 - cell.g * cell.g);
    c.out[0][gate + 3 * units] = dh * cell.tanh_next * cell.o * (1 - cell.o);
    c.out[1][at] = dnext * cell.f;
  });
}

void gru_cell(const Reference& c) {
  each_unit(c, 3, [&](size_t at, size_t gate, size_t units) {
    const Gru cell = gru_of(c, gate, units);
    c.out[0][at] = (1 - cell.z) * cell.n + cell.z * c.in[2][at];
  });
}

void gru_cell_backward(const Reference& c) {
  each_unit(c, 3, [&](size_t at, size_t gate, size_t units) {
    const Gru cell = gru_of(c, gate, units);
    const double dh = c.in[3][at], dn = dh * (1 - cell.z) * (1 - cell.n * cell.n);
    c.out[0][gate] = c.out[1][gate] = dn * cell.b_n * cell.r * (1 - cell.r);
    c.out[0][gate + units] = c.out[1][gate + units] = dh * (c.in[2][at] - cell.n) * cell.z * (1 - cell.z);
    c.out[0][gate + 2 * units] = dn;
    c.out[1][gate + 2 * units] = dn * cell.r;
    c.out[2][at] = dh * cell.z;
  });
}

}  // namespace lemnos::reference
