#include "check/specials.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/half.h"
#include "base/text.h"
#include "check/compare.h"

namespace lemnos::check {

std::vector<Special> specials_of(DType dtype) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();
  const bool half = dtype == DType::f16;
  using enum Special::Kind;
  std::vector<Special> all = {{nan, kNan, "NaN"},
                              {infinite, kInfinity, "inf"},
                              {infinite, -kInfinity, "-inf"},
                              {huge, half ? 3e4 : 1e30, half ? "3e4" : "1e30"},
                              {huge, half ? -3e4 : -1e30, half ? "-3e4" : "-1e30"},
                              {tiny, half ? 1e-4 : 1e-30, half ? "1e-4" : "1e-30"},
                              {subnormal, half ? 1e-6 : 1e-40, half ? "1e-6" : "1e-40"},
                              {exact, 0, "0"},
                              {exact, 1, "1"},
                              {exact, -1, "-1"}};
  for (Special& special : all) special.value = round_to(dtype, special.value);
  return all;
}

namespace {

double largest_finite(const std::vector<double>& values) {
  double largest = 0;
  for (double v : values)
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  return largest;
}

}  // namespace

double smallest_normal(DType dtype) { return dtype == DType::f16 ? 0x1p-14 : 0x1p-126; }

std::string compare_special(const Special& special, const std::vector<double>& result,
                            const SpecialReference& reference, const TensorDesc& desc, const Tolerance& tolerance,
                            bool may_spread) {
  using enum Special::Kind;
  const double largest = largest_finite(reference.values);
  for (size_t i = 0; i < reference.values.size(); ++i) {
    const double want = reference.values[i], got = result[i];
    if (is_right_special(want, got, desc.dtype)) continue;
    if (may_spread && std::isnan(got)) continue;
    double low = want, high = want;
    for (const std::vector<double>& values : reference.neighbours) {
      low = std::min(low, values[i]);
      high = std::max(high, values[i]);
    }
    const double allowed = special.kind == huge ? .01 * std::max(std::abs(want), .01 * largest)
                                                : 10 * allowed_error(tolerance, desc, want, largest);
    const bool finite = std::isfinite(want) && std::isfinite(got);
    const bool right = finite ? got >= low - allowed && got <= high + allowed
                              : !reference.neighbours.empty() && (got == low || got == high);
    if (!right) return text("element ", i, ": got ", got, ", reference ", want);
  }
  return {};
}

}  // namespace lemnos::check
