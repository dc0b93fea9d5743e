// Schedules against PyTorch's (make_goldens.py), on the host and on every device; the update options that change
// StepState: schedule, global norm, loss scale.
#include "lemnos/schedule.h"
#include "lemnos/autograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lemnos/optim.h"
#include "lemnos/session.h"
#include "shaders/common/step_state.h"
#include "tests/devices.h"

namespace {

using namespace lemnos;

struct GoldenRates {
  const char* name;
  optim::Schedule schedule;
  std::vector<double> factors;  // at t = 0, 1, ..
};

std::vector<GoldenRates> goldens() {
  using namespace optim;
  std::vector<GoldenRates> all;
  const auto add = [&](const char* name, Schedule schedule, std::vector<double> factors) {
    all.push_back({name, std::move(schedule), std::move(factors)});
  };
  add("step", {StepDecay{3, .1f}}, {1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001});
  add("multi-step", {MultiStep{{2, 5, 9}, .5f}}, {1, 1, .5, .5, .5, .25, .25, .25, .25, .125, .125, .125});
  add("exponential", {Exponential{.9f}},
      {1, 0.9, 0.81, 0.729, 0.6561, 0.59049, 0.531441, 0.4782969, 0.43046721, 0.387420489, 0.34867844, 0.313810596});
  add("polynomial", {Polynomial{10, 2}}, {1, 0.81, 0.64, 0.49, 0.36, 0.25, 0.16, 0.09, 0.04, 0.01, 0, 0});
  add("cosine", {Cosine{11, .05f}},
      {1, 0.980759162, 0.924595428, 0.836058849, 0.722322131, 0.592599548, 0.457400452, 0.327677869, 0.213941151,
       0.125404572, 0.0692408375, 0.05});
  add("cosine restarts", {CosineRestarts{3, 2, .1f}},
      {1, 0.775, 0.325, 1, 0.939711432, 0.775, 0.55, 0.325, 0.160288568, 1, 0.984666622, 0.939711432});
  add("one-cycle", {OneCycle{.period = 12}},
      {0.04, 0.349789654, 0.879285159, 0.994415435, 0.93301297, 0.811745654, 0.647378998, 0.462637103, 0.283060998,
       0.13347753, 0.0345669874, 4e-06});
  add("warm-up", {.shape = Constant{}, .warm_up = 5, .warm_up_start = .1f},
      {0.1, 0.28, 0.46, 0.64, 0.82, 1, 1, 1, 1, 1, 1, 1});
  add("inverse time", {InverseTime{.5f, 2}}, {1, 1 / 1.25, 1 / 1.5, 1 / 1.75, 1 / 2., 1 / 2.25});
  add("cosine that rises again", {Cosine{5, .05f, true}},
      {1, 0.909283072, 0.671783072, 0.378216928, 0.140716928, 0.05, 0.140716928, 0.378216928, 0.671783072, 0.909283072,
       1, 0.909283072, 0.671783072, 0.378216928});
  add("one-cycle in three phases", {OneCycle{.period = 14, .three_phases = true}},
      {0.04, 0.253326288, 0.703688048, 0.990776935, 0.859411255, 0.426356645, 0.0765378244, 0.0391899405, 0.0344752333,
       0.0265427051, 0.0171559879, 0.00840202192, 0.0022270687, 4e-06});
  add("one-cycle along lines", {OneCycle{.period = 14, .linear = true, .three_phases = true}},
      {0.04, 0.34, 0.64, 0.94, 0.76, 0.46, 0.16, 0.036364, 0.030304, 0.024244, 0.018184, 0.012124, 0.006064, 4e-06});
  add("cyclic", {Cyclic{.rise = 3, .shrink = .5f}}, {.1, .4, .7, 1, .7, .4, .1, .25, .4, .55, .4, .25, .1, .175});
  add("cyclic, falling by each unit", {Cyclic{.rise = 2, .fall = 3, .low = .2f, .gamma = .9f}},
      {0.2, 0.56, 0.848, 0.5888, 0.37496, 0.2, 0.4125764, 0.58263752, 0.429582512, 0.30331213, 0.2, 0.325524238,
       0.425943629, 0.335566178});
  add("piecewise", {Piecewise{{{1, .5f}, {3, 2.f}}}}, {1, .5, .5, 2, 2});
  return all;
}

TEST(Schedule, OnTheHost) {
  for (const GoldenRates& golden : goldens())
    for (size_t t = 0; t < golden.factors.size(); ++t)
      EXPECT_NEAR(optim::factor_at(golden.schedule, static_cast<int64_t>(t)), golden.factors[t], 2e-7)
          << golden.name << " at " << t;
}

/// p = 1, gradient `g` that the host writes.
struct TrainedRates {
  Graph graph;
  Value p, g, state;
  std::unique_ptr<Session> session;
  std::unique_ptr<Program> program;

  TrainedRates(const Device& device, const optim::UpdateOptions& options, AdvanceOptions advance = {},
               int64_t count = 1) {
    const std::vector<float> ones(static_cast<size_t>(count), 1.0f);
    p = graph.parameter("p", Shape{count}, ones);
    g = graph.input("g", {Shape{count}, DType::f32});
    place_gradient(identity(g), p);
    const Value updated = optim::apply(graph, optim::Sgd{.lr = 1}, options);
    state = advance_step(step_state(graph), advance);
    session = device.open(graph);
    program = session->compile({.targets = {updated, state}});
  }
  std::vector<float> step(const std::vector<float>& gradient) {
    session->write(g, gradient);
    EXPECT_EQ(program->run(), Status::ok);
    return session->read_floats(p);
  }
  std::vector<uint32_t> words() {
    std::vector<uint32_t> all(STATE_WORDS);
    session->read(graph.find("step_state"), std::as_writable_bytes(std::span(all)));
    return all;
  }
  float real(size_t word) {
    auto all = words();
    return StepStateView<uint32_t>{all}.real(word);
  }
};

TEST(Schedule, OnEveryBackend) {
  for (const Device& device : devices())
    for (const GoldenRates& golden : goldens()) {
      TrainedRates t(device, {.schedule = golden.schedule});
      for (size_t i = 0; i < golden.factors.size(); ++i) {
        t.step({0});
        EXPECT_NEAR(t.real(STATE_SCHEDULE), golden.factors[i], 5e-7)
            << golden.name << " at " << i << " on " << device.info().name;
      }
    }
}

TEST(Schedule, CountsEpochs) {
  for (const Device& device : devices()) {
    TrainedRates t(device, {.schedule = optim::Schedule{.shape = optim::Exponential{.5f}, .by_epoch = true}},
                   {.batches_per_epoch = 3});
    for (int step = 0; step < 7; ++step) t.step({0});
    EXPECT_EQ(t.real(STATE_SCHEDULE), .25f);
  }
}

TEST(Schedule, RefusesOptionsOutOfRange) {
  const auto message = [](const optim::Schedule& schedule) -> std::string {
    try {
      (void)optim::factor_at(schedule, 0);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message({optim::StepDecay{0}}), "schedule: step: period 0 is not above 0");
  EXPECT_EQ(message({optim::Cosine{10, 2}}), "schedule: cosine: end 2 is outside [0, 1]");
  EXPECT_EQ(message({optim::Piecewise{{{5, 1.f}, {5, 2.f}}}}), "schedule: piecewise: 5 does not come after 5");
  EXPECT_EQ(message({optim::OneCycle{.period = 2}}), "schedule: one_cycle: period 2 is below 3");
}

TEST(GradientNorm, ClipsToTheNorm) {
  for (const Device& device : devices()) {
    TrainedRates t(device, {.clip_norm = 1}, {}, 2);
    const std::vector<float> p = t.step({3, 4});
    EXPECT_NEAR(p[0], 1 - .6, 1e-6);
    EXPECT_NEAR(p[1], 1 - .8, 1e-6);
    EXPECT_NEAR(t.real(STATE_GRADIENT_NORM), 5, 1e-6);
    const std::vector<float> unclipped = t.step({.3f, .4f});
    EXPECT_NEAR(p[0] - unclipped[0], .3, 1e-6);
  }
}

TEST(GradientNorm, SkipsAStepThatIsNotFinite) {
  for (const Device& device : devices()) {
    TrainedRates t(device, {.loss_scale = optim::LossScale{.initial = 8, .interval = 2}});
    EXPECT_NEAR(t.step({4})[0], .5, 1e-6);  // 1 - 4 / 8
    EXPECT_EQ(t.step({std::numeric_limits<float>::infinity()})[0], .5f);
    EXPECT_EQ(t.words()[STATE_SKIPPED], 1u);
    EXPECT_EQ(t.words()[STATE_STEP], 3u);
    EXPECT_EQ(t.real(STATE_LOSS_SCALE), .5f);
    EXPECT_EQ(t.step({NAN})[0], .5f);
    EXPECT_EQ(t.real(STATE_LOSS_SCALE), .25f);
    EXPECT_NEAR(t.step({.5f})[0], .25, 1e-6);  // .5 - .5 / (8 .25)
    EXPECT_EQ(t.real(STATE_LOSS_SCALE), .25f);
    EXPECT_NEAR(t.step({.5f})[0], 0, 1e-6);
    EXPECT_EQ(t.real(STATE_LOSS_SCALE), .5f);  // two good steps
    EXPECT_EQ(t.words()[STATE_SKIPPED], 2u);
  }
}

}  // namespace
