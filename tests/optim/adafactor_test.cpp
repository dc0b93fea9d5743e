// Adafactor against its formula, written once more in double, over parameters of one axis to three; with what goes
// around an update: groups, clipping, steps that are left out, a second optimizer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lemnos/autograd.h"
#include "lemnos/optim.h"
#include "lemnos/session.h"
#include "tests/devices.h"
#include "tests/error_of.h"

namespace {

using namespace lemnos;
using Doubles = std::vector<double>;

double adafactor_wave(size_t i) { return std::sin(1.7 * static_cast<double>(i) + .3); }

double root_mean_square(const Doubles& x) {
  double squares = 0;
  for (double v : x) squares += v * v;
  return std::sqrt(squares / static_cast<double>(x.size()));
}

/// One parameter of matrices [rows, columns], or of one axis where rows is 0.
struct Slow {
  size_t rows, columns;
  Doubles p, row, column;

  void step(const optim::Adafactor& o, double lr, double t, const Doubles& g) {
    const double weight = std::pow(t, static_cast<double>(o.exponent)), eps = o.eps;
    Doubles v(p.size());
    if (rows == 0) {
      row.resize(p.size());
      for (size_t i = 0; i < p.size(); ++i) v[i] = row[i] += weight * (g[i] * g[i] - row[i]);
    } else {
      factored(g, weight, eps, v);
    }
    Doubles x(p.size());
    for (size_t i = 0; i < p.size(); ++i) x[i] = g[i] / std::sqrt(std::max(v[i], eps * eps));
    const double size = std::max<double>(root_mean_square(p), o.least_scale);
    const double scale = size / std::max(1., root_mean_square(x) / static_cast<double>(o.clip_threshold));
    for (size_t i = 0; i < p.size(); ++i)
      p[i] = p[i] * (1 - lr * static_cast<double>(o.weight_decay)) - std::min(lr, 1 / std::sqrt(t)) * scale * x[i];
  }

  void factored(const Doubles& g, double weight, double eps, Doubles& v) {
    const size_t matrices = p.size() / (rows * columns);
    row.resize(matrices * rows);
    column.resize(matrices * columns);
    for (size_t m = 0; m < matrices; ++m) {
      const auto at = [&](size_t r, size_t c) { return (m * rows + r) * columns + c; };
      double mean_row = 0;
      for (size_t r = 0; r < rows; ++r) {
        double squares = 0;
        for (size_t c = 0; c < columns; ++c) squares += g[at(r, c)] * g[at(r, c)];
        double& kept = row[m * rows + r];
        mean_row += kept += weight * (squares / static_cast<double>(columns) - kept);
      }
      for (size_t c = 0; c < columns; ++c) {
        double squares = 0;
        for (size_t r = 0; r < rows; ++r) squares += g[at(r, c)] * g[at(r, c)];
        double& kept = column[m * columns + c];
        kept += weight * (squares / static_cast<double>(rows) - kept);
      }
      mean_row = std::max(mean_row / static_cast<double>(rows), eps);
      for (size_t r = 0; r < rows; ++r)
        for (size_t c = 0; c < columns; ++c) v[at(r, c)] = row[m * rows + r] * column[m * columns + c] / mean_row;
    }
  }
};

struct Three {
  static constexpr size_t kCount = 3;
  const Shape shapes[kCount] = {{5}, {7, 3}, {2, 3, 4}};
  Graph graph;
  Value inputs[kCount], parameters[kCount];

  Three() {
    for (size_t k = 0; k < kCount; ++k) {
      std::vector<float> start(static_cast<size_t>(shapes[k].elements()));
      for (size_t i = 0; i < start.size(); ++i) start[i] = static_cast<float>(adafactor_wave(i + 7 * k));
      parameters[k] = graph.parameter("p" + std::to_string(k), shapes[k], start);
    }
    for (size_t k = 0; k < kCount; ++k) {
      inputs[k] = graph.input("g" + std::to_string(k), {shapes[k], DType::f32});
      place_gradient(identity(inputs[k]), parameters[k]);
    }
  }
  Slow slow(Session& session, size_t k) {
    const std::vector<float> now = session.read_floats(parameters[k]);
    const Shape& s = shapes[k];
    const size_t rank = s.rank();
    return {rank < 2 ? 0 : static_cast<size_t>(s[rank - 2]),
            static_cast<size_t>(s[rank - 1]),
            {now.begin(), now.end()},
            {},
            {}};
  }
  static std::vector<float> gradient(const Shape& shape, size_t k, size_t step) {
    std::vector<float> g(static_cast<size_t>(shape.elements()));
    for (size_t i = 0; i < g.size(); ++i) g[i] = static_cast<float>(adafactor_wave(3 * i + 11 * k + 5 * step) / 3);
    return g;
  }
};

TEST(Adafactor, TwelveStepsAsTheFormula) {
  for (const Device& device : devices())
    for (const optim::Adafactor& o :
         {optim::Adafactor{},
          optim::Adafactor{.lr = .5f, .exponent = -1, .clip_threshold = 1.5f, .weight_decay = .1f}}) {
      Three three;
      const Value updated = optim::apply(three.graph, o, {.groups = {{{three.parameters[1]}, .5f}}});
      const Value next = advance_step(step_state(three.graph), optim::advance_options(o));
      const auto session = device.open(three.graph);
      const auto program = session->compile({.targets = {updated, next}});
      // A parameter whose own rate is half: all that depends on the rate is half.
      std::vector<Slow> slow;
      for (size_t k = 0; k < Three::kCount; ++k) slow.push_back(three.slow(*session, k));
      for (size_t step = 0; step < 12; ++step) {
        for (size_t k = 0; k < Three::kCount; ++k) {
          const std::vector<float> g = Three::gradient(three.shapes[k], k, step);
          session->write(three.inputs[k], g);
          const double lr = o.lr;
          if (k != 1) slow[k].step(o, lr, static_cast<double>(step + 1), {g.begin(), g.end()});
          if (k != 1) continue;
          const Doubles before = slow[k].p;
          slow[k].step(o, lr, static_cast<double>(step + 1), {g.begin(), g.end()});
          for (size_t i = 0; i < before.size(); ++i) slow[k].p[i] = (before[i] + slow[k].p[i]) / 2;
        }
        ASSERT_EQ(program->run(), Status::ok);
      }
      for (size_t k = 0; k < Three::kCount; ++k) {
        const std::vector<float> found = session->read_floats(three.parameters[k]);
        for (size_t i = 0; i < found.size(); ++i)
          EXPECT_NEAR(found[i], slow[k].p[i], 4e-6) << device.info().name << " p" << k << " at " << i;
      }
    }
}

TEST(Adafactor, LeavesOutAStepWhoseGradientIsNotFinite) {
  for (const Device& device : devices()) {
    Three three;
    const optim::Adafactor o;
    const Value updated = optim::apply(three.graph, o, {.clip_norm = 1});
    const Value next = advance_step(step_state(three.graph), optim::advance_options(o));
    const auto session = device.open(three.graph);
    const auto program = session->compile({.targets = {updated, next}});
    for (size_t k = 0; k < Three::kCount; ++k) session->write(three.inputs[k], Three::gradient(three.shapes[k], k, 0));
    ASSERT_EQ(program->run(), Status::ok);
    const Value rows = three.graph.find("adafactor.rows.p1");
    const std::vector<float> kept = session->read_floats(rows), p = session->read_floats(three.parameters[1]);
    EXPECT_EQ(rows.shape(), (Shape{7, 1}));
    EXPECT_GT(*std::ranges::min_element(kept), 0);
    session->write(three.inputs[0], std::vector<float>{1, INFINITY, 1, 1, 1});
    ASSERT_EQ(program->run(), Status::ok);
    EXPECT_EQ(session->read_floats(rows), kept);
    EXPECT_EQ(session->read_floats(three.parameters[1]), p);
  }
}

TEST(Adafactor, MistakesAreNamed) {
  const auto refusal = [](const optim::Adafactor& o) {
    Three three;
    return std::string(error_of([&] { (void)optim::apply(three.graph, o); }).what());
  };
  EXPECT_EQ(refusal({.exponent = .5f}), "adafactor: exponent 0.5 is above 0");
  EXPECT_EQ(refusal({.eps = 0}), "adafactor: eps 0 is not above 0");
  EXPECT_EQ(refusal({.clip_threshold = 0}), "adafactor: clip_threshold 0 is not above 0");
  EXPECT_EQ(refusal({.lr = -1}), "adafactor: lr -1 is below 0");
  Three three;
  (void)optim::apply(three.graph, optim::Adafactor{}, {.parameters = {three.parameters[1]}});
  (void)optim::apply(three.graph, optim::Adam{}, {.parameters = {three.parameters[0]}, .name = "rest"});
  EXPECT_STREQ(error_of([&] {
                 (void)optim::apply(three.graph, optim::Adam{}, {.parameters = {three.parameters[1]}, .name = "b"});
               }).what(),
               "adam: the parameter 'p1' is updated by adafactor_update in this step already; give each optimizer its "
               "own UpdateOptions::parameters");
}

}  // namespace
