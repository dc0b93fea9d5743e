#include "io/svg_axes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "io/number_text.h"

namespace lemnos::io {
namespace {

std::string power_label(int exponent) {
  if (exponent >= -3 && exponent <= 4) return fixed(std::pow(10.0, exponent), std::max(0, -exponent));
  return "1e" + std::to_string(exponent);
}

std::string digit_label(int digit, int exponent) {
  if (exponent >= -3 && exponent <= 4) return fixed(digit * std::pow(10.0, exponent), std::max(0, -exponent));
  return std::to_string(digit) + "e" + std::to_string(exponent);
}

std::vector<Tick> log_ticks(const Scale& scale, int wanted) {
  const int first = static_cast<int>(std::floor(std::log10(scale.low)));
  const int last = static_cast<int>(std::ceil(std::log10(scale.high)));
  const double decades = std::log10(scale.high / scale.low);
  const int stride = std::max(1, static_cast<int>(std::ceil(decades / wanted)));
  std::vector<Tick> ticks;
  for (int exponent = first; exponent <= last; ++exponent) {
    for (int digit = 1; digit <= 9; ++digit) {
      const double value = digit * std::pow(10.0, exponent);
      if (value < scale.low * (1 - 1e-9) || value > scale.high * (1 + 1e-9)) continue;
      const bool decade = digit == 1 && exponent % stride == 0;
      // Within little more than a decade the powers of ten alone would leave the axis nearly bare.
      const bool between = (digit == 2 || digit == 5) && decades < 1.8;
      if (!decade && (stride > 1 || decades > 6)) continue;
      ticks.push_back({value, decade ? power_label(exponent) : between ? digit_label(digit, exponent) : ""});
    }
  }
  return ticks;
}

}  // namespace

void Range::include(double value, bool log) {
  if (!std::isfinite(value) || (log && value <= 0)) return;
  low_ = std::min(low_, value);
  high_ = std::max(high_, value);
}

double Scale::operator()(double value) const {
  if (!std::isfinite(value) || (log && value <= 0)) return std::numeric_limits<double>::quiet_NaN();
  const double t = log ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  // Far outside is as good as outside, and keeps the numbers in the file short.
  return from + std::clamp(t, -100.0, 100.0) * (to - from);
}

Scale make_scale(const Axis& axis, const Range& range, double padding, double from, double to) {
  Scale scale{range.empty() ? (axis.log ? 0.1 : 0) : range.low(), range.empty() ? 1 : range.high(), axis.log, from, to};
  if (axis.log) {
    if (scale.high <= scale.low * (1 + 1e-12)) {
      scale.low /= 2;
      scale.high *= 2;
    }
    const double factor = std::pow(scale.high / scale.low, padding);
    scale.low /= factor;
    scale.high *= factor;
  } else {
    if (scale.high - scale.low <= 1e-12 * std::max(std::fabs(scale.low), std::fabs(scale.high))) {
      const double half = scale.low == 0 ? 0.5 : 0.1 * std::fabs(scale.low);
      scale.low -= half;
      scale.high += half;
    }
    const double margin = padding * (scale.high - scale.low);
    scale.low -= margin;
    scale.high += margin;
  }
  if (axis.min) scale.low = *axis.min;
  if (axis.max) scale.high = *axis.max;
  return scale;
}

std::vector<Tick> make_ticks(const Scale& scale, bool integers, int wanted) {
  if (scale.log) return log_ticks(scale, wanted);
  const double rough = (scale.high - scale.low) / std::max(1, wanted);
  int exponent = static_cast<int>(std::floor(std::log10(rough)));
  const double fraction = rough / std::pow(10.0, exponent);
  double digit = fraction <= 1.4 ? 1 : fraction <= 3 ? 2 : fraction <= 7 ? 5 : 10;
  if (digit == 10) {
    digit = 1;
    ++exponent;
  }
  if (integers && exponent < 0) {
    digit = 1;
    exponent = 0;
  }
  const double step = digit * std::pow(10.0, exponent);
  const bool plain = exponent >= -5 && exponent <= 5;
  std::vector<Tick> ticks;
  const double first = std::ceil(scale.low / step - 1e-9);
  for (double k = first; k * step <= scale.high + 1e-9 * step && ticks.size() < 100; ++k) {
    const double value = k * step;
    const std::string label = k == 0  ? std::string("0")
                              : plain ? fixed(value, std::max(0, -exponent))
                                      : fixed(k * digit, 0) + "e" + std::to_string(exponent);
    ticks.push_back({value, label});
  }
  return ticks;
}

}  // namespace lemnos::io
