// Is a result right? Element by element and as a whole, with the worst element in words.
#pragma once

#include <string>
#include <vector>

#include "check/case.h"

namespace lemnos::check {

struct Comparison {
  bool right = true;
  double worst_ratio = 0;  // the largest error over its tolerance (infinite if the tolerance is 0)
  double nmse = 0;
  size_t wrong = 0;     // elements past the tolerance
  std::string message;  // the worst element: index, both values, error in ulp, NMSE, count; empty when right
  std::string worst;    // "[3, 1]: got 2.5, reference 2.25", right or wrong; empty where all are as the reference
};

/// `bound` is |A| . |B| for products (Tolerance::products), otherwise empty.
Comparison compare(const std::vector<double>& result, const std::vector<double>& reference, const TensorDesc& desc,
                   const Tolerance& tolerance, const std::vector<double>& bound = {});

/// Whether a result is correct for a special reference, independent of the tolerance: NaN for NaN, an infinity for one
/// of that sign, and an infinity or nearly the largest number of the type where the reference is past that.
bool is_right_special(double reference, double result, DType dtype);
/// The tolerance of an element.
double allowed_error(const Tolerance& tolerance, const TensorDesc& desc, double reference, double bound);
/// The same as numbers: an element is right from `low` to `high`, infinities among them; both are NaN where the
/// reference is, and so must be the element.
struct RightRange {
  double low = 0, high = 0;
};
RightRange right_range(double reference, const TensorDesc& desc, const Tolerance& tolerance, double bound);
/// The normalised mean square error that a whole result may have; 0: it is not asked.
double allowed_nmse(const Tolerance& tolerance, DType dtype);

/// Why a result is degenerate (more than 90 % zeros, or all equal), or an empty string.
std::string why_degenerate(const std::vector<double>& result);

}  // namespace lemnos::check
