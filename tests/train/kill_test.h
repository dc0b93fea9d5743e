// Every optimizer and every schedule, as courses that a run can be killed on and resumed.
#pragma once

#include <array>

#include "train/support.h"

namespace lemnos::train_tests {

struct Course {
  optim::Optimizer optimizer;
  optim::Schedule schedule;
};

/// Optimizer i with schedule i. Schedules change within the first dozen steps.
inline std::vector<Course> courses() {
  using namespace optim;
  return {{Sgd{.lr = .05f, .momentum = .9f, .nesterov = true}, {Constant{}, false, 4}},
          {Adagrad{}, {StepDecay{.period = 3}}},
          {Adadelta{}, {MultiStep{.milestones = {2, 5}}}},
          {RmsProp{.momentum = .5f, .centered = true}, {Exponential{.gamma = .9f}}},
          {Adam{.amsgrad = true}, {InverseTime{.rate = .5f, .period = 2}}},
          {AdamW{}, {Polynomial{.period = 9, .power = 2}}},
          {NAdam{}, {Cosine{.period = 10}, false, 2}},
          {Adamax{}, {CosineRestarts{.period = 3, .longer = 2}}},
          {RAdam{}, {OneCycle{.period = 11}}},
          {Lion{}, {Piecewise{.factors = {{1, .5f}, {2, .1f}}}, true}},
          {Asgd{.start = 3}, {StepDecay{.period = 4}}},
          {Rprop{.lr = 1e-3f}, {Exponential{.gamma = .95f}}},
          {Lamb{}, {Cosine{.period = 20, .end = .1f}, false, 3}},
          {Muon{}, {Polynomial{.period = 16}, false, 5}}};
}

/// Random layers, averages and a clipped gradient are part of the state too.
inline Trainer trainer_of(const Device& device, size_t course) {
  const Course chosen = courses().at(course);
  optim::UpdateOptions update;
  update.clip_norm = 1;
  update.schedule = chosen.schedule;
  return {device,
          nn::sequential({nn::Linear{.out = 8}, nn::BatchNorm{}, nn::Relu{}, nn::Dropout{.rate = .25f},
                          nn::Linear{.out = kClasses}}),
          {.optimizer = chosen.optimizer, .update = update, .average = .9f}};
}

}  // namespace lemnos::train_tests
