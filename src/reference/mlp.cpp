// The gradients of a whole small network, which is defined by its decomposition into layers.
#include "reference/mlp.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace lemnos::reference {
namespace {

// One matrix of the network, [inputs + 1, outputs] by rows; the last row is the bias.
struct Matrix {
  size_t at, inputs, outputs;
};

std::vector<Matrix> matrices(const Reference& c) {
  const auto network = c.attrs<MlpNetwork>();
  const Shape& x = c.in_shape(0);
  const auto width = static_cast<size_t>(network.width), hidden = static_cast<size_t>(network.hidden),
             out = static_cast<size_t>(network.out);
  std::vector<Matrix> list;
  size_t at = 0, inputs = static_cast<size_t>(x[x.rank() - 1]);
  for (size_t layer = 0; layer <= hidden; ++layer) {
    list.push_back({at, inputs, layer == hidden ? out : width});
    at += (inputs + 1) * list.back().outputs;
    inputs = width;
  }
  return list;
}

double slope(std::string_view f, double y) {
  if (f == "sigmoid") return y * (1 - y);
  if (f == "tanh") return 1 - y * y;
  return y > 0 ? 1 : 0;
}

}  // namespace

// Inputs x, weights, the hidden layers, dy; outputs the gradients of the weights, and of x where it is wanted.
void mlp_backward(const Reference& c) {
  const std::vector<Matrix> network = matrices(c);
  const std::string f = c.attrs<MlpNetwork>().activation;
  const size_t ins = network.front().inputs, rows = c.in[0].size() / ins, outs = network.back().outputs;
  std::ranges::fill(c.out[0], 0.0);
  for (size_t r = 0; r < rows; ++r) {
    std::vector<double> d(c.in[3].begin() + static_cast<std::ptrdiff_t>(r * outs),
                          c.in[3].begin() + static_cast<std::ptrdiff_t>((r + 1) * outs));
    for (size_t layer = network.size(); layer-- > 0;) {
      const Matrix& m = network[layer];
      const std::span<const double> h =
          layer == 0 ? c.in[0].subspan(r * ins, ins) : c.in[2].subspan(((layer - 1) * rows + r) * m.inputs, m.inputs);
      std::vector<double> before(m.inputs, 0.0);
      for (size_t o = 0; o < m.outputs; ++o) {
        for (size_t i = 0; i < m.inputs; ++i) {
          c.out[0][m.at + i * m.outputs + o] += h[i] * d[o];
          before[i] += d[o] * c.in[1][m.at + i * m.outputs + o];
        }
        c.out[0][m.at + m.inputs * m.outputs + o] += d[o];
      }
      if (layer > 0)
        for (size_t i = 0; i < m.inputs; ++i) before[i] *= slope(f, h[i]);
      d = before;
    }
    if (c.out.size() > 1) std::ranges::copy(d, c.out[1].begin() + static_cast<std::ptrdiff_t>(r * ins));
  }
}

}  // namespace lemnos::reference
