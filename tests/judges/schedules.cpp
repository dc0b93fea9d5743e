// Learning-rate schedules, as the device computes them: a parameter of 0 with the gradient -1 becomes the rate.

#include <cmath>
#include <map>
#include <vector>

#include "base/text.h"
#include "judges/pytorch.h"
#include "lemnos/autograd.h"
#include "lemnos/callback.h"
#include "lemnos/nn.h"
#include "lemnos/ops.h"
#include "lemnos/optim.h"
#include "lemnos/train.h"

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
      {"CosineAnnealingLR(T_max=25, eta_min=0.01)", {.1f, {Cosine{25, .1f, true}}}},
      {"LinearLR(start_factor=0.1, total_iters=12)", {.1f, {Constant{}, false, 12, .1f}}},
      {"ConstantLR(factor=0.2, total_iters=8)", {.1f, {Piecewise{{{0, .2f}, {8, 1.f}}}}}},
      {"PolynomialLR(total_iters=40, power=2)", {.1f, {Polynomial{40, 2}}}},
      {"OneCycleLR(max_lr=0.5, total_steps=61)", {.5f, {OneCycle{.period = 61}}}},
      {"OneCycleLR(max_lr=0.5, total_steps=61, anneal_strategy='linear', three_phase=True)",
       {.5f, {OneCycle{.period = 61, .linear = true, .three_phases = true}}}},
      {"CyclicLR(base_lr=0.01, max_lr=0.2, step_size_up=6, mode='triangular2')",
       {.2f, {Cyclic{.rise = 6, .low = .05f, .shrink = .5f}}}},
      {"SequentialLR([LinearLR(0.05, total_iters=10), CosineAnnealingLR(50)], milestones=[10])",
       {.1f, {Cosine{50}, false, 10, .05f}}},
  };
  return known;
}

Outcome judge_rate(size_t step, double want, double got) {
  const std::string bad = difference({"F64", Shape{1}, {want}}, Shape{1}, {got}, {1.3e-6, 1e-7});
  return bad.empty() ? Outcome() : Outcome::wrong(text("the rate of step ", step, ' ', bad));
}

// ReduceLROnPlateau is a callback: of a Trainer whose epochs report what the database reports.
Outcome judge_plateau(const Device& device, const std::vector<double>& rates) {
  Trainer trainer{device, nn::sequential({nn::Linear{.out = 1}}), {.loss = loss::Mse{}, .optimizer = Sgd{.lr = .1f}}};
  const callback::OnEpoch report{[](FitRun& run) {
    run.history.put("reported", 1 / (1 + std::floor(static_cast<double>(run.progress.epoch - 1) / 5)));
  }};
  const data::Dataset one{.x = data::Array::floats({1, 1}, {0}), .y = data::Array::floats({1, 1}, {0})};
  const History history = trainer.fit(
      one, {.epochs = static_cast<int64_t>(rates.size()),
            .batch_size = 1,
            .verbosity = Verbosity::silent,
            .callbacks = {report, callback::ReduceOnPlateau{
                                      .monitor = "reported", .factor = .5, .patience = 3, .threshold = .01}}});
  for (size_t step = 0; step < rates.size(); ++step)
    if (Outcome o = judge_rate(step, rates[step], history["learning_rate"][step]); o.kind != Outcome::Kind::right)
      return o;
  return {};
}

Outcome judge_schedule(const Device& device, const Json& entry) try {
  const auto words = entry.at("schedule").get<std::string>();
  const auto rates = entry.at("rates").get<std::vector<double>>();
  if (words == "ReduceLROnPlateau(factor=0.5, patience=3, threshold=0.01) on 1/(1+i//5)")
    return judge_plateau(device, rates);
  const auto found = known_schedules().find(words);
  if (found == known_schedules().end()) return Outcome::unexpressed("no schedule: " + words);
  const Optimizer optimizer = Sgd{.lr = found->second.lr};
  Graph graph;
  const std::vector<Value> parameters = {graph.parameter("rate", Shape{1}, std::vector<float>{0})};
  const std::vector<Value> falling = {full(graph, Shape{1}, -1)};
  place_gradients(parameters, falling);
  const Value updated = apply(graph, optimizer, {.schedule = found->second.schedule});
  const Value next = advance_step(step_state(graph), advance_options(optimizer));
  const auto session = device.open(graph);
  const auto program = session->compile({.targets = {updated, next}});
  for (size_t step = 0; step < rates.size(); ++step) {
    session->write(parameters[0], std::vector<float>{0});
    require(program->run() == Status::ok, ErrorCode::internal, "the program did not run");
    const double got = session->read_floats(parameters[0])[0];
    if (Outcome o = judge_rate(step, rates[step], got); o.kind != Outcome::Kind::right) return o;
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
    report.add("schedules", op, op + ' ' + words, judge_schedule(device, entry));
  }
}

}  // namespace lemnos::judges
