// Elementwise functions of one operand. Formulas and defaults as in PyTorch.
#include "reference/unary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string_view>

#include "reference/functions.h"

namespace lemnos::reference {

namespace {

constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
constexpr double kSeluScale = 1.0507009873554804934193349852946;

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double normal_pdf(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi); }
double normal_slope(double x) { return 2 * std::numbers::inv_sqrtpi * std::exp(-x * x); }  // of erf
// A closed form that is right to 2e-3 (Winitzki), then three steps of Halley's, each of which triples the digits.
double erfinv(double x) {
  const double rest = 1 - std::abs(x);
  if (!(rest > 0)) return rest == 0 ? std::copysign(std::numeric_limits<double>::infinity(), x) : std::nan("");
  const double logarithm = std::log1p(-std::abs(x)) + std::log1p(std::abs(x)), a = .147;
  const double u = 2 / (std::numbers::pi * a) + logarithm / 2;
  double y = std::sqrt(std::max(0.0, std::sqrt(u * u - logarithm / a) - u));
  for (int i = 0; i < 3; ++i) {
    const double error = rest > .5 ? std::erf(y) - std::abs(x) : rest - std::erfc(y), step = error / normal_slope(y);
    y -= step / (1 + y * step);
  }
  return std::copysign(y, x);
}
// tanh(z) = 2 sigmoid(2z) - 1, so the tanh form of GELU is x * sigmoid(2z).
double gelu_tanh_gate(double x) { return sigmoid(2 * std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)); }

// A NaN must give NaN, also where a comparison decides.
double relu(double x) { return x > 0 ? x : (std::isnan(x) ? x : 0.0); }

using D = double;
const UnaryFunction kUnaryFunctions[] = {
    {"identity", [](D x, D, D) { return x; }, [](D, D, D) { return 1.0; }, false},
    {"relu", [](D x, D, D) { return relu(x); }, [](D y, D, D) { return y > 0 ? 1.0 : 0.0; }, true},
    {"leaky_relu", [](D x, D a, D) { return x > 0 ? x : a * x; }, [](D x, D a, D) { return x > 0 ? 1.0 : a; }, false},
    {"elu", [](D x, D a, D) { return x > 0 ? x : a * std::expm1(x); },
     [](D x, D a, D) { return x > 0 ? 1.0 : a * std::exp(x); }, false},
    {"selu", [](D x, D, D) { return kSeluScale * (x > 0 ? x : kSeluAlpha * std::expm1(x)); },
     [](D x, D, D) { return kSeluScale * (x > 0 ? 1.0 : kSeluAlpha * std::exp(x)); }, false},
    {"celu", [](D x, D a, D) { return x > 0 ? x : a * std::expm1(x / a); },
     [](D x, D a, D) { return x > 0 ? 1.0 : std::exp(x / a); }, false},
    {"gelu", [](D x, D, D) { return x * normal_cdf(x); }, [](D x, D, D) { return normal_cdf(x) + x * normal_pdf(x); },
     false},
    {"gelu_tanh", [](D x, D, D) { return x * gelu_tanh_gate(x); },
     [](D x, D, D) {
       const D g = gelu_tanh_gate(x);
       if (std::abs(x) > 1e3) return g;  // the rest is 0, also where x^2 is infinite
       return g + x * g * (1 - g) * 2 * std::sqrt(2 / std::numbers::pi) * (1 + 3 * 0.044715 * x * x);
     },
     false},
    {"silu", [](D x, D, D) { return x * sigmoid(x); },
     [](D x, D, D) { return sigmoid(x) * (1 + x * (1 - sigmoid(x))); }, false},
    {"mish", [](D x, D, D) { return x * std::tanh(softplus(x)); },
     [](D x, D, D) {
       const D t = std::tanh(softplus(x));
       return t + x * (1 - t * t) * sigmoid(x);
     },
     false},
    {"sigmoid", [](D x, D, D) { return sigmoid(x); }, [](D y, D, D) { return y * (1 - y); }, true},
    {"hard_sigmoid", [](D x, D, D) { return std::clamp(x / 6 + 0.5, 0.0, 1.0); },
     [](D x, D, D) { return std::abs(x) < 3 ? 1.0 / 6 : 0.0; }, false},
    {"tanh", [](D x, D, D) { return std::tanh(x); }, [](D y, D, D) { return 1 - y * y; }, true},
    {"softplus", [](D x, D a, D) { return softplus(a * x) / a; }, [](D x, D a, D) { return sigmoid(a * x); }, false},
    {"softsign", [](D x, D, D) { return x / (1 + std::abs(x)); },
     [](D x, D, D) { return 1 / ((1 + std::abs(x)) * (1 + std::abs(x))); }, false},
    {"negate", [](D x, D, D) { return -x; }, [](D, D, D) { return -1.0; }, false},
    {"abs", [](D x, D, D) { return std::abs(x); }, [](D x, D, D) { return x > 0 ? 1.0 : (x < 0 ? -1.0 : x); }, false},
    {"square", [](D x, D, D) { return x * x; }, [](D x, D, D) { return 2 * x; }, false},
    {"sqrt", [](D x, D, D) { return std::sqrt(x); }, [](D y, D, D) { return 0.5 / y; }, true},
    {"rsqrt", [](D x, D, D) { return 1 / std::sqrt(x); }, [](D y, D, D) { return -0.5 * y * y * y; }, true},
    {"exp", [](D x, D, D) { return std::exp(x); }, [](D y, D, D) { return y; }, true},
    {"log", [](D x, D, D) { return std::log(x); }, [](D x, D, D) { return 1 / x; }, false},
    {"clamp", [](D x, D a, D b) { return std::min(std::max(x, a), b); },
     [](D x, D a, D b) { return x >= a && x <= b ? 1.0 : 0.0; }, false},
    {"reciprocal", [](D x, D, D) { return 1 / x; }, [](D y, D, D) { return -y * y; }, true},
    {"affine", [](D x, D a, D b) { return a * x + b; }, [](D, D a, D) { return a; }, false},
    {"log1p", [](D x, D, D) { return std::log1p(x); }, [](D x, D, D) { return 1 / (1 + x); }, false},
    {"hard_swish", [](D x, D, D) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); },
     [](D x, D, D) { return x <= -3 ? 0.0 : (x >= 3 ? 1.0 : x / 3 + 0.5); }, false},
    {"sin", [](D x, D, D) { return std::sin(x); }, [](D x, D, D) { return std::cos(x); }, false},
    {"cos", [](D x, D, D) { return std::cos(x); }, [](D x, D, D) { return -std::sin(x); }, false},
    {"tan", [](D x, D, D) { return std::tan(x); }, [](D y, D, D) { return 1 + y * y; }, true},
    {"asin", [](D x, D, D) { return std::asin(x); }, [](D x, D, D) { return 1 / std::sqrt((1 - x) * (1 + x)); }, false},
    {"acos", [](D x, D, D) { return std::acos(x); }, [](D x, D, D) { return -1 / std::sqrt((1 - x) * (1 + x)); },
     false},
    {"atan", [](D x, D, D) { return std::atan(x); }, [](D x, D, D) { return 1 / (1 + x * x); }, false},
    {"sinh", [](D x, D, D) { return std::sinh(x); }, [](D x, D, D) { return std::cosh(x); }, false},
    {"cosh", [](D x, D, D) { return std::cosh(x); }, [](D x, D, D) { return std::sinh(x); }, false},
    {"asinh", [](D x, D, D) { return std::asinh(x); }, [](D x, D, D) { return 1 / std::hypot(x, 1); }, false},
    {"acosh", [](D x, D, D) { return std::acosh(x); },
     [](D x, D, D) { return 1 / (std::sqrt(x - 1) * std::sqrt(x + 1)); }, false},
    {"atanh", [](D x, D, D) { return std::atanh(x); }, [](D x, D, D) { return 1 / ((1 - x) * (1 + x)); }, false},
    {"erf", [](D x, D, D) { return std::erf(x); }, [](D x, D, D) { return normal_slope(x); }, false},
    {"erfc", [](D x, D, D) { return std::erfc(x); }, [](D x, D, D) { return -normal_slope(x); }, false},
    {"exp2", [](D x, D, D) { return std::exp2(x); }, [](D y, D, D) { return y * std::numbers::ln2; }, true},
    {"expm1", [](D x, D, D) { return std::expm1(x); }, [](D x, D, D) { return std::exp(x); }, false},
    {"log2", [](D x, D, D) { return std::log2(x); }, [](D x, D, D) { return 1 / (x * std::numbers::ln2); }, false},
    {"log10", [](D x, D, D) { return std::log10(x); }, [](D x, D, D) { return 1 / (x * std::numbers::ln10); }, false},
    // Piecewise constant: the gradient is zero.
    {"sign", [](D x, D, D) { return x > 0 ? 1.0 : (x < 0 ? -1.0 : x); }, nullptr, false},
    {"floor", [](D x, D, D) { return std::floor(x); }, nullptr, false},
    {"ceil", [](D x, D, D) { return std::ceil(x); }, nullptr, false},
    {"round", [](D x, D, D) { return std::nearbyint(x); }, nullptr, false},  // halves to the even number
    {"trunc", [](D x, D, D) { return std::trunc(x); }, nullptr, false},
    {"erfinv", [](D x, D, D) { return erfinv(x); }, [](D x, D, D) { return 1 / normal_slope(erfinv(x)); }, false},
};

}  // namespace

std::span<const UnaryFunction> unary_functions() { return kUnaryFunctions; }

void unary(const Reference& c) {
  const auto attrs = c.attrs<UnaryAttrs>();
  const auto* f = std::ranges::find(kUnaryFunctions, std::string_view(c.node.op->name),
                                    [](const UnaryFunction& u) { return std::string_view(u.name); });
  const double a = attrs.a, b = attrs.b;
  for (size_t i = 0; i < c.out[0].size(); ++i) c.out[0][i] = f->value(c.in[0][i], a, b);
}

void unary_backward(const Reference& c) {
  const auto attrs = c.attrs<UnaryBackwardAttrs>();
  const UnaryFunction& f = kUnaryFunctions[attrs.function];
  const double a = attrs.a, b = attrs.b;
  for (size_t i = 0; i < c.out[0].size(); ++i) c.out[0][i] = c.in[1][i] * f.slope(c.in[0][i], a, b);
}

}  // namespace lemnos::reference
