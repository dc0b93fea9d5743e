// Cross-entropy of softmax(logits), or of probabilities given by their logarithms, and its gradient.
#include "reference/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace lemnos::reference {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// t[c] of every class for one row: its target, smoothed, times the class weights.
std::vector<double> target_weights(const Reference& c, size_t row, size_t cols) {
  const bool soft = c.in_desc[1].dtype != DType::i32;
  const double smoothing = c.attrs<CrossEntropyAttrs>().label_smoothing;
  std::vector<double> t(cols, 0.0);
  if (soft)
    std::ranges::copy(c.in[1].subspan(row * cols, cols), t.begin());
  else if (c.in[1][row] < static_cast<double>(cols))
    t[static_cast<size_t>(c.in[1][row])] = 1;
  else
    t.assign(cols, kNaN);  // no such class: the loss shall show it
  for (size_t k = 0; k < cols; ++k) {
    t[k] = t[k] * (1 - smoothing) + smoothing / static_cast<double>(cols);
    if (c.in.size() == 3) t[k] *= c.in[2][k];
  }
  return t;
}

// What the mean divides by: rows of probabilities, or the weights of the classes that are not ignored.
double mean_divisor(const Reference& c, size_t rows, size_t cols) {
  if (c.in_desc[1].dtype != DType::i32) return static_cast<double>(rows);
  double count = 0;
  for (double label : c.in[1]) {
    if (label < 0) continue;
    if (label >= static_cast<double>(cols))
      count += kNaN;
    else
      count += c.in.size() == 3 ? c.in[2][static_cast<size_t>(label)] : 1;
  }
  return count;
}

}  // namespace

void cross_entropy(const Reference& c) {
  const auto attrs = c.attrs<CrossEntropyAttrs>();
  const size_t cols = static_cast<size_t>(c.in_shape(0)[c.in_shape(0).rank() - 1]);
  const size_t rows = c.in[0].size() / cols;
  const std::string& reduction = attrs.reduction;
  const bool logarithms = attrs.log_probabilities;
  double scale = 1;
  if (reduction == "mean") {
    const double divisor = mean_divisor(c, rows, cols);
    scale = divisor == 0 ? 0 : 1 / divisor;
  }
  double sum = 0;
  for (size_t row = 0; row < rows; ++row) {
    const bool ignored = c.in_desc[1].dtype == DType::i32 && c.in[1][row] < 0;
    const auto x = c.in[0].subspan(row * cols, cols);
    const double top = *std::ranges::max_element(x);
    double total = 0;
    for (double v : x) total += std::exp(v - top);
    const double log_total = logarithms ? 0 : top + std::log(total);

    const std::vector<double> t = ignored ? std::vector<double>(cols, 0.0) : target_weights(c, row, cols);
    double loss = 0, mass = 0;
    for (size_t k = 0; k < cols; ++k) {
      if (t[k] != 0) loss += t[k] * (log_total - x[k]);
      mass += t[k];
    }
    if (c.out.size() == 2)
      for (size_t k = 0; k < cols; ++k)
        c.out[1][row * cols + k] =
            ignored ? 0 : scale * ((logarithms ? 0 : mass * std::exp(x[k] - top) / total) - t[k]);
    if (reduction == "none") c.out[0][row] = loss;
    sum += loss;
  }
  if (reduction != "none") c.out[0][0] = scale * sum;
}

}  // namespace lemnos::reference
