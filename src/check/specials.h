// NaN, infinities, extremes of a type, and 0, 1 and -1 as inputs: a kernel's results compared with the reference.
#pragma once

#include <string>
#include <vector>

#include "check/case.h"

namespace lemnos::check {

/// A number that one element of an input is set to.
struct Special {
  enum class Kind : uint8_t { nan, infinite, huge, tiny, subnormal, exact };
  Kind kind = Kind::nan;
  double value = 0;
  const char* name = "";
};
/// Those of an element type.
std::vector<Special> specials_of(DType dtype);

/// Where the reference has NaN, or an infinity of either sign, the result has it too, and nowhere else; for the rest,
/// as below. A reference past the largest number of the type is an infinity. Returns what is wrong with the worst
/// element, or an empty string.
///
///   nan, infinite  elements that it did not reach are right by the tolerance
///   huge           elements near the largest one are right to a hundredth; smaller ones may be what rounding left
///   tiny, exact    as by the tolerance; 0, 1 and -1 are where functions end or have a pole
///   subnormal      between the results for 0 and for the smallest normal number: a device may treat it as either
///
/// `may_spread`: there may be more NaN than in the reference.
struct SpecialReference {
  std::vector<double> values;
  std::vector<std::vector<double>> neighbours;  // of a subnormal: for 0 and for the smallest normal number
};
std::string compare_special(const Special& special, const std::vector<double>& result,
                            const SpecialReference& reference, const TensorDesc& desc, const Tolerance& tolerance,
                            bool may_spread);
/// The smallest number of a type that is not subnormal.
double smallest_normal(DType dtype);

}  // namespace lemnos::check
