#include "check/fill.h"

#include <cmath>

#include "base/half.h"
#include "base/random.h"

namespace lemnos::check {

namespace {
double draw(const Fill& fill, Random& random, size_t index) {
  switch (fill.kind) {
    case Fill::Kind::normal: return fill.a + fill.b * random.normal();
    case Fill::Kind::uniform: return fill.a + (fill.b - fill.a) * random.uniform();
    case Fill::Kind::integers: return fill.a + std::floor(random.uniform() * (fill.b - fill.a + 1));
    case Fill::Kind::constant: return fill.a;
    case Fill::Kind::ramp: return fill.a + fill.b * static_cast<double>(index);
  }
  return 0;
}
}  // namespace

std::vector<double> fill(const Input& input, DType dtype, uint64_t seed) {
  Random random(seed);
  std::vector<double> values(static_cast<size_t>(input.shape.elements()));
  for (size_t i = 0; i < values.size(); ++i) {
    double v = draw(input.fill, random, i);
    if (std::abs(v) < input.keep_from_zero) v = std::copysign(input.keep_from_zero, v);
    values[i] = round_to(dtype, v);
  }
  return values;
}

}  // namespace lemnos::check
