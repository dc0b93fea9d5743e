#include "check/case.h"

#include <cmath>

LEMNOS_OP_CASES(gradient_norm) {
  const int64_t sizes[] = {4, 8, 252, 256, 260, 8188, 8192, 8196, 32764, 32768, 32772, 65536, 113 * 4, 89 * 41 * 64};
  // Floats between .005 and 1 by their bits; the count of good steps is then vast, so an interval is always over.
  const Input state = {
      .shape = {32}, .fill = integers(1000000000, 1065353216), .dtype = DType::u32, .differentiable = false};
  const auto add = [&](int64_t size, Fill fill, Attrs attrs, Tolerance tolerance, const char* note) {
    cases.add({.op = "gradient_norm",
               .inputs = {{.shape = {size}, .fill = fill}, state},
               .attrs = attrs,
               .tolerance = tolerance,
               .note = note,
               .backward = false});
  };
  // The words are compared as integers: a difference of n is n ulp of the float.
  const Tolerance ulps = custom(64, 0, "floats compared by their bits: 64 ulp is 4e-6 of a sum in another order");
  for (const int64_t size : sizes) {
    add(size, normal(), {}, ulps, "the norm alone");
    add(size, normal(), {{"max_norm", 1.0}}, ulps, "clips");
    add(size, normal(), {{"max_norm", 1e6}, {"loss_scale", 1024.0}, {"interval", 100}}, ulps, "the loss scale grows");
    add(size, constant(1), {{"max_norm", 1.0}}, custom(4, 0, "an exact sum; root, sum and quotient round"),
        "exact sums");
  }
  for (const int64_t size : {4, 8196, 65536}) {
    add(size, constant(1e20), {{"max_norm", 1.0}}, ulps, "squares overflow: clipped all the same");
    add(size, normal(0, 3e36), {{"max_norm", 2.0}, {"loss_scale", 1024.0}, {"interval", 100}}, ulps,
        "squares overflow by much: clipped all the same");
    add(size, constant(2.5e17), {{"max_norm", 1.0}}, ulps, "of many groups only the sum of squares overflows");
    add(size, constant(1e38), {{"max_norm", .1}}, ulps, "a factor that is not normal leaves the step out");
    add(size, constant(INFINITY), {{"interval", 100}}, ulps, "infinite: the step is left out, the scale backs off");
    add(size, constant(INFINITY), {{"interval", 100}, {"least", 1.0}}, ulps, "the scale falls no further");
    add(size, normal(), {{"loss_scale", 0x1p100}, {"interval", 100}}, ulps, "the scale grows no further");
    add(size, constant(3e19), {{"interval", 100}}, ulps, "squares overflow: the step is left out, the scale backs off");
    add(size, constant(0), {{"max_norm", 1.0}}, ulps, "no gradient at all");
  }
}
