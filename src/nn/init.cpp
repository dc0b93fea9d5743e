#include "lemnos/init.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "base/text.h"

namespace lemnos {

std::span<const char* const> words_of(Init::Kind) {
  static constexpr const char* kWords[] = {
      "constant",  "uniform",       "normal",       "truncated_normal", "xavier_uniform", "xavier_normal", "he_uniform",
      "he_normal", "lecun_uniform", "lecun_normal", "linear_default",   "orthogonal",     "identity"};
  return kWords;
}

namespace {

struct Fans {
  double in = 1, out = 1;
};

Fans fans_of(const Shape& shape, int64_t given_fan_in) {
  Fans fans;
  double kernel = 1;
  for (size_t i = 2; i < shape.rank(); ++i) kernel *= static_cast<double>(shape[i]);
  if (shape.rank() >= 1) fans.out = static_cast<double>(shape[0]) * kernel;
  if (shape.rank() >= 2) fans.in = static_cast<double>(shape[1]) * kernel;
  if (given_fan_in > 0) fans.in = static_cast<double>(given_fan_in);
  return fans;
}

double truncated(Random& random) {
  double v = random.normal();
  while (std::abs(v) > 2) v = random.normal();
  return v;
}

// Gram-Schmidt, twice, over the longer side: enough for the sizes of weight matrices, and plain.
std::vector<float> orthogonal(const Shape& shape, double gain, Random& random) {
  require(shape.rank() >= 2, ErrorCode::invalid_argument, "orthogonal: shape ", shape, " has fewer than two axes");
  const size_t rows = static_cast<size_t>(shape[0]);
  const size_t cols = rows ? static_cast<size_t>(shape.elements()) / rows : 0;
  const bool tall = rows > cols;
  const size_t count = tall ? cols : rows, length = tall ? rows : cols;
  std::vector<std::vector<double>> basis(count, std::vector<double>(length));
  for (size_t k = 0; k < count; ++k) {
    auto& v = basis[k];
    for (double& x : v) x = random.normal();
    for (int pass = 0; pass < 2; ++pass)
      for (size_t j = 0; j < k; ++j) {
        double dot = 0;
        for (size_t i = 0; i < length; ++i) dot += v[i] * basis[j][i];
        for (size_t i = 0; i < length; ++i) v[i] -= dot * basis[j][i];
      }
    double norm = 0;
    for (double x : v) norm += x * x;
    for (double& x : v) x /= std::sqrt(norm);
  }
  std::vector<float> values(rows * cols);
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < cols; ++c)
      values[r * cols + c] = static_cast<float>(gain * (tall ? basis[c][r] : basis[r][c]));
  return values;
}

std::vector<float> identity(const Shape& shape) {
  require(shape.rank() >= 2, ErrorCode::invalid_argument, "identity: shape ", shape, " has fewer than two axes");
  std::vector<float> values(static_cast<size_t>(shape.elements()), 0.0f);
  int64_t inner = 1, centre = 0;  // of a kernel, its centre
  for (size_t i = 2; i < shape.rank(); ++i) {
    inner *= shape[i];
    centre = centre * shape[i] + shape[i] / 2;
  }
  for (int64_t i = 0; i < std::min(shape[0], shape[1]); ++i)
    values[static_cast<size_t>((i * shape[1] + i) * inner + centre)] = 1;
  return values;
}

// What one element is drawn from: uniform in +-half_width, or normal.
struct Distribution {
  enum class Form : uint8_t { uniform, normal, truncated } form;
  double centre, spread;
};

Distribution distribution_of(const Init& init, const Fans& fans) {
  using Kind = Init::Kind;
  using Form = Distribution::Form;
  const double he_fan = init.fan_out ? fans.out : fans.in;
  switch (init.kind) {
    case Kind::uniform: return {Form::uniform, (init.a + init.b) / 2, (init.b - init.a) / 2};
    case Kind::normal: return {Form::normal, init.a, init.b};
    case Kind::truncated_normal: return {Form::truncated, init.a, init.b};
    case Kind::xavier_uniform: return {Form::uniform, 0, init.a * std::sqrt(6 / (fans.in + fans.out))};
    case Kind::xavier_normal: return {Form::normal, 0, init.a * std::sqrt(2 / (fans.in + fans.out))};
    case Kind::he_uniform: return {Form::uniform, 0, std::sqrt(6 / ((1 + init.a * init.a) * he_fan))};
    case Kind::he_normal: return {Form::normal, 0, std::sqrt(2 / ((1 + init.a * init.a) * he_fan))};
    case Kind::lecun_uniform: return {Form::uniform, 0, std::sqrt(3 / fans.in)};
    case Kind::lecun_normal: return {Form::normal, 0, std::sqrt(1 / fans.in)};
    case Kind::linear_default: return {Form::uniform, 0, 1 / std::sqrt(fans.in)};
    case Kind::constant:
    case Kind::orthogonal:
    case Kind::identity: break;
  }
  return {Form::uniform, init.a, 0};
}

}  // namespace

std::vector<float> initial_values(const Init& init, const Shape& shape, uint64_t seed, uint64_t stream,
                                  int64_t fan_in) {
  Random random(seed, stream);
  if (init.kind == Init::Kind::orthogonal) return orthogonal(shape, init.a, random);
  if (init.kind == Init::Kind::identity) return identity(shape);
  const Distribution d = distribution_of(init, fans_of(shape, fan_in));
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  for (float& v : values) {
    double z = 0;
    if (d.spread != 0) {
      z = d.form == Distribution::Form::uniform  ? random.uniform(-1, 1)
          : d.form == Distribution::Form::normal ? random.normal()
                                                 : truncated(random);
    }
    v = static_cast<float>(d.centre + d.spread * z);
  }
  return values;
}

}  // namespace lemnos
