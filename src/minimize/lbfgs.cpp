#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

#include "base/text.h"
#include "lemnos/minimize.h"
#include "minimize/line_search.h"

namespace lemnos {

namespace {

using Vector = std::vector<double>;

constexpr double kLeastCurvature = 1e-10;  // steps along which the gradient hardly changes say nothing of the curvature

double inner_product(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
double largest(const Vector& v) {
  double most = 0;
  for (double x : v) most = std::max(most, std::abs(x));
  return most;
}
bool is_finite(double loss, const Vector& gradient) {
  return std::isfinite(loss) && std::ranges::all_of(gradient, [](double g) { return std::isfinite(g); });
}
Vector moved(const Vector& x, double t, const Vector& d) {
  Vector y(x.size());
  for (size_t i = 0; i < x.size(); ++i) y[i] = x[i] + t * d[i];
  return y;
}

LbfgsOptions checked(LbfgsOptions o) {
  const auto above = [](const char* name, double value) {
    require(value > 0 && std::isfinite(value), ErrorCode::invalid_argument, "lbfgs: ", name, " ", value,
            " is not above 0");
  };
  const auto not_below = [](const char* name, double value) {
    require(value >= 0 && std::isfinite(value), ErrorCode::invalid_argument, "lbfgs: ", name, " ", value,
            " is below 0 or not finite");
  };
  above("lr", o.lr);
  above("max_iterations", static_cast<double>(o.max_iterations));
  not_below("max_evaluations", static_cast<double>(o.max_evaluations));
  not_below("tolerance_gradient", o.tolerance_gradient);
  not_below("tolerance_change", o.tolerance_change);
  above("history", static_cast<double>(o.history));
  if (o.max_evaluations == 0) o.max_evaluations = o.max_iterations * 5 / 4;
  return o;
}

}  // namespace

struct Lbfgs::Impl {
  struct Step {
    Vector change, difference;  // of x, and of the gradient
    double rho = 0;             // 1 / (change . difference)
  };

  LbfgsOptions options;
  int64_t iterations = 0;  // of all calls
  std::deque<Step> steps;  // the oldest first
  Vector direction, gradient_before;
  double length = 0, scale = 1;

  void remember(const Vector& gradient) {
    Vector difference(gradient.size()), change(gradient.size());
    for (size_t i = 0; i < gradient.size(); ++i) {
      difference[i] = gradient[i] - gradient_before[i];
      change[i] = length * direction[i];
    }
    const double curvature = inner_product(difference, change);
    if (!(curvature > kLeastCurvature)) return;
    if (steps.size() == static_cast<size_t>(options.history)) steps.pop_front();
    scale = curvature / inner_product(difference, difference);
    steps.push_back({std::move(change), std::move(difference), 1 / curvature});
  }

  // - H gradient, in two loops over the steps.
  Vector next_direction(const Vector& gradient) const {
    Vector d(gradient.size());
    for (size_t i = 0; i < d.size(); ++i) d[i] = -gradient[i];
    Vector share(steps.size());
    const auto add = [&](double factor, const Vector& v) {
      for (size_t i = 0; i < d.size(); ++i) d[i] += factor * v[i];
    };
    for (size_t k = steps.size(); k-- > 0;) {
      share[k] = steps[k].rho * inner_product(steps[k].change, d);
      add(-share[k], steps[k].difference);
    }
    for (double& value : d) value *= scale;
    for (size_t k = 0; k < steps.size(); ++k)
      add(share[k] - steps[k].rho * inner_product(steps[k].difference, d), steps[k].change);
    return d;
  }

  // The next point on the line, and how often the objective was evaluated.
  LineFound advance(const LinePoint& now, bool last, const Vector& x, const Objective& objective) const {
    const auto at = [&](double t) {
      LinePoint p{.t = t, .gradient = Vector(x.size())};
      p.loss = objective(moved(x, t, direction), p.gradient);
      p.slope = inner_product(p.gradient, direction);
      return p;
    };
    if (options.line_search) return search_line(now, length, largest(direction), options.tolerance_change, at);
    if (!last) return {at(length), 1};
    LinePoint unseen = now;  // nobody looks at the loss of the last point
    unseen.t = length;
    return {std::move(unseen), 0};
  }
};

Lbfgs::Lbfgs(const LbfgsOptions& options) : impl_(std::make_unique<Impl>()) { impl_->options = checked(options); }
Lbfgs::~Lbfgs() = default;
Lbfgs::Lbfgs(Lbfgs&&) noexcept = default;
Lbfgs& Lbfgs::operator=(Lbfgs&&) noexcept = default;

Minimum Lbfgs::step(std::vector<double>& x, const Objective& objective) {
  Impl& s = *impl_;
  const LbfgsOptions& o = s.options;
  require(s.iterations == 0 || s.direction.size() == x.size(), ErrorCode::invalid_argument, "lbfgs: x has ", x.size(),
          " elements, and had ", s.direction.size(), " before");
  LinePoint now{.gradient = Vector(x.size())};
  now.loss = objective(x, now.gradient);
  require(is_finite(now.loss, now.gradient), ErrorCode::invalid_argument, "lbfgs: the loss (", now.loss,
          ") or its gradient is not finite at the first point");
  Minimum found{.loss = now.loss, .iterations = 0, .evaluations = 1, .reason = {}};
  const auto ended = [&](const char* why) {
    found.reason = why;
    return found;
  };
  if (largest(now.gradient) <= o.tolerance_gradient) return ended("gradient");
  for (;;) {
    ++found.iterations;
    if (s.iterations++ > 0) s.remember(now.gradient);
    s.direction = s.next_direction(now.gradient);
    s.gradient_before = now.gradient;
    double sum = 0;
    for (double g : now.gradient) sum += std::abs(g);
    s.length = s.iterations == 1 ? std::min(1., 1 / sum) * o.lr : o.lr;
    now.t = 0;
    now.slope = inner_product(now.gradient, s.direction);
    if (now.slope > -o.tolerance_change) return ended("change");
    LineFound next = s.advance(now, found.iterations == o.max_iterations, x, objective);
    found.evaluations += next.evaluations;
    if (!is_finite(next.point.loss, next.point.gradient)) return ended("not finite");
    s.length = next.point.t;
    x = moved(x, s.length, s.direction);
    const double before = std::exchange(now, std::move(next.point)).loss;
    found.loss = now.loss;
    if (found.iterations == o.max_iterations) return ended("max_iterations");
    if (found.evaluations >= o.max_evaluations) return ended("max_evaluations");
    if (largest(now.gradient) <= o.tolerance_gradient) return ended("gradient");
    if (largest(s.direction) * s.length <= o.tolerance_change || std::abs(now.loss - before) < o.tolerance_change)
      return ended("change");
  }
}

}  // namespace lemnos
