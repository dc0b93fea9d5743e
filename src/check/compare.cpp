#include "check/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace lemnos::check {

namespace {

// The distance from |v| to the next larger value of `dtype`.
double ulp_of(DType dtype, double v) {
  const int mantissa = dtype == DType::f16 ? 10 : dtype == DType::bf16 ? 7 : 23;
  const int smallest = dtype == DType::f16 ? -24 : dtype == DType::bf16 ? -133 : -149;
  if (!is_floating(dtype)) return 0;
  if (v == 0 || !std::isfinite(v)) return std::ldexp(1.0, smallest);
  return std::ldexp(1.0, std::max(std::ilogb(v) - mantissa, smallest));
}

std::string index_text(size_t flat, const Shape& shape) {
  std::string out;
  for (size_t i = shape.rank(); i-- > 0;) {
    const size_t extent = static_cast<size_t>(shape[i]);
    out = text(flat % extent, out.empty() ? "" : ", ", out);
    flat /= extent;
  }
  return "[" + out + "]";
}

// Of the floating type; integers have no special values.
double largest_number(DType dtype) {
  if (dtype == DType::f16) return 65504;
  return dtype == DType::bf16 ? 0x1.FEp127 : std::numeric_limits<float>::max();
}

// An infinity is right for a reference beyond that.
double nearly_largest(DType dtype) { return (1 - 1e-3) * largest_number(dtype); }

}  // namespace

double allowed_nmse(const Tolerance& t, DType dtype) {
  if (dtype == DType::f16) return 1e-6;
  if (dtype == DType::bf16) return 1e-4;
  return t.nmse;
}

RightRange right_range(double reference, const TensorDesc& desc, const Tolerance& tolerance, double bound) {
  if (!std::isfinite(reference)) return {reference, reference};
  const double allowed = allowed_error(tolerance, desc, reference, bound);
  RightRange range{reference - allowed, reference + allowed};
  if (!is_floating(desc.dtype) || std::abs(reference) < nearly_largest(desc.dtype)) return range;
  (reference > 0 ? range.high : range.low) = std::copysign(std::numeric_limits<double>::infinity(), reference);
  return range;
}

bool is_right_special(double reference, double result, DType dtype) {
  if (std::isnan(reference)) return std::isnan(result);
  if (std::isinf(reference)) return result == reference;
  const double largest = nearly_largest(dtype);
  return is_floating(dtype) && std::abs(reference) >= largest && std::abs(result) >= largest &&
         std::signbit(reference) == std::signbit(result);
}

double allowed_error(const Tolerance& t, const TensorDesc& desc, double reference, double bound) {
  double allowed = t.absolute + t.relative * std::abs(reference) + t.ulps * ulp_of(desc.dtype, reference);
  if (t.products > 0) allowed += 2 * 0x1p-24 * std::sqrt(static_cast<double>(t.products)) * bound;
  // The result's own rounding to a half type; an f32 result that must be exact is exact.
  if (desc.dtype == DType::f16 || desc.dtype == DType::bf16) allowed += ulp_of(desc.dtype, reference);
  return allowed;
}

Comparison compare(const std::vector<double>& result, const std::vector<double>& reference, const TensorDesc& desc,
                   const Tolerance& tolerance, const std::vector<double>& bound) {
  Comparison c;
  size_t worst = 0;
  double squares = 0, error_squares = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const double want = reference[i], got = result[i];
    double ratio = 0;
    if (!std::isfinite(want) || !std::isfinite(got)) {
      ratio = is_right_special(want, got, desc.dtype) ? 0 : std::numeric_limits<double>::infinity();
    } else {
      const double error = std::abs(got - want);
      const double allowed = allowed_error(tolerance, desc, want, bound.empty() ? 0 : bound[i]);
      ratio = error == 0 ? 0 : allowed == 0 ? std::numeric_limits<double>::infinity() : error / allowed;
      squares += want * want;
      error_squares += error * error;
    }
    if (ratio > 1) ++c.wrong;
    if (ratio > c.worst_ratio) {
      c.worst_ratio = ratio;
      worst = i;
    }
  }
  c.nmse = squares > 0 ? error_squares / squares : error_squares;
  const double nmse_limit = allowed_nmse(tolerance, desc.dtype);
  const bool nmse_wrong = nmse_limit > 0 && c.nmse > nmse_limit;
  c.right = c.wrong == 0 && !nmse_wrong;
  if (c.worst_ratio > 0)
    c.worst = index_text(worst, desc.shape) + formatted(": got %.9g, reference %.9g", result[worst], reference[worst]);
  if (!c.right) {
    const double want = reference[worst], got = result[worst];
    const double ulp = ulp_of(desc.dtype, want);
    c.message = text(c.wrong, " of ", reference.size(), " elements of ", desc, " are wrong, worst at ",
                     index_text(worst, desc.shape), formatted(": got %.9g, reference %.9g", got, want));
    if (ulp > 0) c.message += formatted(", %.9g ulp", std::abs(got - want) / ulp);
    if (std::isfinite(c.worst_ratio))
      c.message += formatted(", %.9g times the tolerance", c.worst_ratio);
    else if (std::isfinite(got))
      c.message += ", which must be equal";
    c.message += formatted("; NMSE %.9g", c.nmse);
    if (nmse_wrong) c.message += formatted(" (limit %.9g)", nmse_limit);
  }
  return c;
}

std::string why_degenerate(const std::vector<double>& result) {
  constexpr size_t kTooFewToJudge = 8;
  if (result.size() < kTooFewToJudge) return {};
  const auto zeros = static_cast<size_t>(std::ranges::count(result, 0.0));
  if (zeros * 10 > result.size() * 9) return text(zeros, " of ", result.size(), " elements are zero");
  if (std::ranges::all_of(result, [&](double v) { return v == result[0]; }))
    return text("all ", result.size(), " elements are ", result[0]);
  return {};
}

}  // namespace lemnos::check
