// L-BFGS on functions whose minima are known, and on a loss over the parameters of a session.
#include "lemnos/minimize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "error_of.h"
#include "lemnos/ops.h"
#include "minimize/line_search.h"

namespace lemnos {
namespace {

using Point = std::span<const double>;

double rosenbrock(Point x, std::span<double> g) {
  double sum = 0;
  std::ranges::fill(g, 0.);
  for (size_t i = 0; i + 1 < x.size(); ++i) {
    const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    sum += 100 * a * a + b * b;
    g[i] += -400 * x[i] * a - 2 * b;
    g[i + 1] += 200 * a;
  }
  return sum;
}

// Sum of i (x_i - i)^2, i from 1.
double parabola(Point x, std::span<double> g) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double weight = static_cast<double>(i + 1), off = x[i] - weight;
    sum += weight * off * off;
    g[i] = 2 * weight * off;
  }
  return sum;
}

TEST(Lbfgs, FindsTheMinimumOfRosenbrock) {
  std::vector<double> x{-1.2, 1, -1.2, 1};
  Lbfgs lbfgs({.max_iterations = 200,
               .max_evaluations = 400,
               .tolerance_gradient = 1e-10,
               .tolerance_change = 1e-20,
               .line_search = true});
  const Minimum found = lbfgs.step(x, rosenbrock);
  EXPECT_LT(found.loss, 1e-16) << found.reason;
  for (double v : x) EXPECT_NEAR(v, 1, 1e-8);
  EXPECT_LT(found.iterations, 100);
}

TEST(Lbfgs, TakesFewStepsOnAParabola) {
  for (const bool line_search : {false, true}) {
    std::vector<double> x(12, 0.);
    Lbfgs lbfgs({.max_iterations = 100, .line_search = line_search});
    const Minimum found = lbfgs.step(x, parabola);
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], static_cast<double>(i + 1), 1e-5) << line_search;
    EXPECT_LT(found.iterations, 40);
    EXPECT_TRUE(found.reason == "gradient" || found.reason == "change") << found.reason;
  }
}

// What it has learned of the curvature is there in the next call.
TEST(Lbfgs, GoesOnFromCallToCall) {
  std::vector<double> whole(12, 0.), parts(12, 0.);
  Lbfgs one({.max_iterations = 8, .max_evaluations = 100}), other({.max_iterations = 1, .max_evaluations = 100});
  (void)one.step(whole, parabola);
  for (int i = 0; i < 8; ++i) (void)other.step(parts, parabola);
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], parts[i], 1e-12) << i;
}

TEST(Lbfgs, KeepsItsBounds) {
  std::vector<double> x{-1.2, 1};
  EXPECT_EQ(Lbfgs({.max_iterations = 3, .max_evaluations = 100, .line_search = true}).step(x, rosenbrock).iterations,
            3);
  x = {-1.2, 1};
  int64_t calls = 0;
  const Minimum few = Lbfgs({.max_iterations = 100, .max_evaluations = 5}).step(x, [&](Point at, std::span<double> g) {
    return ++calls, parabola(at, g);
  });
  EXPECT_EQ(few.evaluations, calls);
  EXPECT_LE(few.evaluations, 5);
  EXPECT_EQ(few.reason, "max_evaluations");
}

TEST(Lbfgs, StaysWhereTheLossWasFinite) {
  std::vector<double> x{.5};
  // log(x) of what is negative.
  const auto objective = [](Point at, std::span<double> g) {
    g[0] = 1 / at[0];
    return std::log(at[0]);
  };
  const Minimum found = Lbfgs({.max_iterations = 50}).step(x, objective);
  EXPECT_EQ(found.reason, "not finite");
  EXPECT_GT(x[0], 0);
  EXPECT_TRUE(std::isfinite(found.loss));
  x = {-1};
  const Error error = error_of([&] { (void)Lbfgs().step(x, objective); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_NE(std::string(error.what()).find("is not finite at the first point"), std::string::npos) << error.what();
  EXPECT_EQ(x[0], -1);
}

TEST(LineSearch, SatisfiesTheWolfeConditions) {
  // f(t) = -t / (t^2 + 2), of J. More and D. Thuente, "Line search algorithms with guaranteed sufficient decrease"
  // (1994).
  const auto at = [](double t) {
    const double d = t * t + 2;
    return LinePoint{.t = t, .loss = -t / d, .slope = (t * t - 2) / (d * d), .gradient = {}};
  };
  const LinePoint start = at(0);
  for (const double first : {1e-3, .1, 1., 10., 1000.}) {
    const LineFound found = search_line(start, first, 1, 1e-12, at);
    EXPECT_LE(found.point.loss, start.loss + 1e-4 * found.point.t * start.slope) << first;
    EXPECT_LE(std::abs(found.point.slope), -.9 * start.slope) << first;
    EXPECT_GT(found.point.t, 0);
    EXPECT_LE(found.evaluations, 12) << first;
  }
}

TEST(Lbfgs, RefusesWhatCannotBe) {
  const auto said = [](const LbfgsOptions& options) {
    return std::string(error_of([&] { (void)Lbfgs(options); }).what());
  };
  EXPECT_EQ(said({.lr = 0}), "lbfgs: lr 0 is not above 0");
  EXPECT_EQ(said({.lr = std::numeric_limits<double>::quiet_NaN()}), "lbfgs: lr nan is not above 0");
  EXPECT_EQ(said({.max_iterations = 0}), "lbfgs: max_iterations 0 is not above 0");
  EXPECT_EQ(said({.max_evaluations = -1}), "lbfgs: max_evaluations -1 is below 0 or not finite");
  EXPECT_EQ(said({.tolerance_change = -1e-9}), "lbfgs: tolerance_change -1e-09 is below 0 or not finite");
  EXPECT_EQ(said({.history = 0}), "lbfgs: history 0 is not above 0");
  Lbfgs lbfgs;
  std::vector<double> x(3), longer(4);
  (void)lbfgs.step(x, parabola);
  EXPECT_EQ(std::string(error_of([&] { (void)lbfgs.step(longer, parabola); }).what()),
            "lbfgs: x has 4 elements, and had 3 before");
}

// A regression whose least squares are known: y = 2 a - 3 b + 1.
TEST(Minimize, FindsLeastSquares) {
  Graph graph;
  std::vector<float> x, y;
  for (int i = 0; i < 20; ++i) {
    const float a = static_cast<float>(i % 5), b = static_cast<float>(i % 7) - 3;
    x.insert(x.end(), {a, b});
    y.push_back(2 * a - 3 * b + 1);
  }
  const Value w = graph.parameter("w", {1, 2}, std::vector<float>(2)),
              c = graph.parameter("c", {1}, std::vector<float>(1));
  const Value unused = graph.parameter("unused", {3}, std::vector<float>(3, 7));
  const Value loss = mean(square(linear(graph.constant({20, 2}, x), w, c) - graph.constant({20, 1}, y)));
  const auto session = Device::cpu().open(graph);
  const Minimum found = minimize(*session, loss, {.max_iterations = 60, .line_search = true});
  EXPECT_LT(found.loss, 1e-9) << found.reason;
  const std::vector<float> weights = session->read_floats(w);
  EXPECT_NEAR(weights[0], 2, 1e-4);
  EXPECT_NEAR(weights[1], -3, 1e-4);
  EXPECT_NEAR(session->read_floats(c)[0], 1, 1e-4);
  EXPECT_EQ(session->read_floats(unused)[0], 7);
}

TEST(Minimize, RefusesWhatIsNoLoss) {
  Graph graph;
  const Value w = graph.parameter("w", {2}, std::vector<float>{1, 2}), k = graph.constant({1}, std::vector<float>{3});
  const auto session = Device::cpu().open(graph);
  EXPECT_EQ(std::string(error_of([&] { (void)minimize(*session, square(w)); }).what()),
            "minimize: the loss f32[2] has not one element");
  EXPECT_EQ(std::string(error_of([&] { (void)minimize(*session, square(k)); }).what()),
            "minimize: the loss depends on none of 1 parameters");
  EXPECT_EQ(session->read_floats(w), (std::vector<float>{1, 2}));
}

}  // namespace
}  // namespace lemnos
