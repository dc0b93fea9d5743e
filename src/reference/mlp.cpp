// A whole small network and its gradients: hidden layers h = f([h, 1] W), then y = [h, 1] W.
#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "lemnos/op.h"

namespace lemnos::reference {
namespace {

// One matrix of the network, [inputs + 1, outputs] by rows; the last row is the bias.
struct Matrix {
  size_t at, inputs, outputs;
};

std::vector<Matrix> matrices(const Reference& c) {
  const Shape& x = c.in_shape(0);
  const auto width = static_cast<size_t>(c.attrs().integer("width")),
             hidden = static_cast<size_t>(c.attrs().integer("hidden")),
             out = static_cast<size_t>(c.attrs().integer("out"));
  std::vector<Matrix> list;
  size_t at = 0, inputs = static_cast<size_t>(x[x.rank() - 1]);
  for (size_t layer = 0; layer <= hidden; ++layer) {
    list.push_back({at, inputs, layer == hidden ? out : width});
    at += (inputs + 1) * list.back().outputs;
    inputs = width;
  }
  return list;
}

double activated(std::string_view f, double x) {
  if (f == "sigmoid") return 1 / (1 + std::exp(-x));
  if (f == "tanh") return std::tanh(x);
  return std::max(x, 0.0);
}
double slope(std::string_view f, double y) {
  if (f == "sigmoid") return y * (1 - y);
  if (f == "tanh") return 1 - y * y;
  return y > 0 ? 1 : 0;
}

}  // namespace

void mlp(const Reference& c) {
  const std::vector<Matrix> network = matrices(c);
  const std::string_view f = c.attrs().word("activation");
  const size_t ins = network.front().inputs, rows = c.in[0].size() / ins;
  for (size_t r = 0; r < rows; ++r) {
    std::vector<double> h(c.in[0].begin() + static_cast<std::ptrdiff_t>(r * ins),
                          c.in[0].begin() + static_cast<std::ptrdiff_t>((r + 1) * ins));
    for (size_t layer = 0; layer < network.size(); ++layer) {
      const Matrix& m = network[layer];
      const bool last = layer + 1 == network.size();
      std::vector<double> next(m.outputs);
      for (size_t o = 0; o < m.outputs; ++o) {
        double sum = c.in[1][m.at + m.inputs * m.outputs + o];
        for (size_t i = 0; i < m.inputs; ++i) sum += h[i] * c.in[1][m.at + i * m.outputs + o];
        next[o] = last ? sum : activated(f, sum);
      }
      h = next;
      const std::span<double> kept = last ? c.out[0] : c.out.size() > 1 ? c.out[1] : std::span<double>();
      if (!kept.empty())
        std::ranges::copy(h, kept.begin() + static_cast<std::ptrdiff_t>(((last ? 0 : layer * rows) + r) * m.outputs));
    }
  }
}

// Inputs x, weights, the hidden layers, dy; outputs the gradients of the weights, and of x where it is wanted.
void mlp_backward(const Reference& c) {
  const std::vector<Matrix> network = matrices(c);
  const std::string_view f = c.attrs().word("activation");
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
