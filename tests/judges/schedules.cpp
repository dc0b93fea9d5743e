// Learning-rate schedules, as the device computes them: a parameter of 0 with the gradient -1 becomes the rate.

#include <map>
#include <vector>

#include "base/text.h"
#include "judges/pytorch.h"
#include "lemnos/autograd.h"
#include "lemnos/ops.h"
#include "lemnos/optim.h"

namespace lemnos::judges {

namespace {

using namespace optim;

struct Rate {
  float lr = .1f;
  Schedule schedule;
};

// The schedules of the database, by their text in PyTorch.
const std::map<std::string, Rate>& known_schedules() {
  static const std::map<std::string, Rate> known = {
      {"StepLR(step_size=7, gamma=0.3)", {.1f, {StepDecay{7, .3f}}}},
      {"MultiStepLR([5, 20, 21], gamma=0.5)", {.1f, {MultiStep{{5, 20, 21}, .5f}}}},
      {"ExponentialLR(0.93)", {.1f, {Exponential{.93f}}}},
      {"CosineAnnealingWarmRestarts(T_0=9, T_mult=2, eta_min=0.001)", {.1f, {CosineRestarts{9, 2, .01f}}}},
      {"LinearLR(start_factor=0.1, total_iters=12)", {.1f, {Constant{}, false, 12, .1f}}},
      {"ConstantLR(factor=0.2, total_iters=8)", {.1f, {Piecewise{{{0, .2f}, {8, 1.f}}}}}},
      {"PolynomialLR(total_iters=40, power=2)", {.1f, {Polynomial{40, 2}}}},
      {"OneCycleLR(max_lr=0.5, total_steps=61)", {.5f, {OneCycle{.period = 61}}}},
      {"SequentialLR([LinearLR(0.05, total_iters=10), CosineAnnealingLR(50)], milestones=[10])",
       {.1f, {Cosine{50}, false, 10, .05f}}},
  };
  return known;
}

const std::map<std::string, std::string>& reasons() {
  static const std::map<std::string, std::string> known = {
      {"CosineAnnealingLR", "Cosine stays at its end, PyTorch's rises again"},
      {"OneCycleLR", "no option: linear in three phases"},
      {"CyclicLR", "no schedule: CyclicLR"},
      {"ReduceLROnPlateau", "a callback of a Trainer, which has no graph of its own"},
  };
  return known;
}

Outcome judge_schedule(const Device& device, const Json& entry, const std::string& kind) try {
  const auto found = known_schedules().find(entry.at("schedule").get<std::string>());
  if (found == known_schedules().end()) {
    const auto reason = reasons().find(kind);
    return Outcome::unexpressed(reason == reasons().end() ? "no schedule: " + kind : reason->second);
  }
  const Optimizer optimizer = Sgd{.lr = found->second.lr};
  Graph graph;
  const std::vector<Value> parameters = {graph.parameter("rate", Shape{1}, std::vector<float>{0})};
  const std::vector<Value> falling = {full(graph, Shape{1}, -1)};
  place_gradients(parameters, falling);
  const Value updated = apply(graph, optimizer, {.schedule = found->second.schedule});
  const Value next = advance_step(step_state(graph), advance_options(optimizer));
  const auto session = device.open(graph);
  const auto program = session->compile({.targets = {updated, next}});
  const auto rates = entry.at("rates").get<std::vector<double>>();
  for (size_t step = 0; step < rates.size(); ++step) {
    session->write(parameters[0], std::vector<float>{0});
    require(program->run() == Status::ok, ErrorCode::internal, "the program did not run");
    const std::vector<double> got = {session->read_floats(parameters[0])[0]};
    const std::string bad = difference({"F64", Shape{1}, {rates[step]}}, Shape{1}, got, {1.3e-6, 1e-7});
    if (!bad.empty()) return Outcome::wrong(text("the rate of step ", step, ' ', bad));
  }
  return {};
} catch (const Error& e) {
  return Outcome::wrong(e.what());
}

}  // namespace

void judge_schedules(Report& report, const Device& device, const std::filesystem::path& folder,
                     const std::string& only) {
  const Json database = read_json(folder / "schedules.json");
  for (const Json& entry : database.at("schedules")) {
    const auto words = entry.at("schedule").get<std::string>();
    const std::string kind = words.substr(0, words.find('(')), op = "schedule." + kind;
    if (!only.empty() && op != only) continue;
    report.add("schedules", op, op + ' ' + words, judge_schedule(device, entry, kind));
  }
}

}  // namespace lemnos::judges
