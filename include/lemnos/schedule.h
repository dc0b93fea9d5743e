// Learning-rate schedules: the factor of the optimizer's `lr` at t, the number of finished steps (or epochs), computed
// on the device in each step. Each may begin with a linear warm-up.
#pragma once

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::optim {

/// 1.
struct Constant {};

/// gamma^floor(t / period) (PyTorch's StepLR).
struct StepDecay {
  int64_t period = 30;
  float gamma = .1f;
};

/// gamma^(how many milestones are at most t) (PyTorch's MultiStepLR). Milestones ascend.
struct MultiStep {
  std::vector<int64_t> milestones;
  float gamma = .1f;
};

/// gamma^t.
struct Exponential {
  float gamma = .99f;
};

/// 1 / (1 + rate t / period) (Keras's InverseTimeDecay).
struct InverseTime {
  float rate = 1;
  int64_t period = 1;
};

/// end + (1 - end) (1 - min(t / period, 1))^power. (Keras gives the end as a rate, here it is a factor.)
struct Polynomial {
  int64_t period = 1;
  float power = 1;
  float end = 0;
};

/// end + (1 - end) (1 + cos(pi x)) / 2 with x = min(t / period, 1), or with `periodic` x = t / period: then it rises
/// again for the next `period` units, and so on (PyTorch's CosineAnnealingLR).
struct Cosine {
  int64_t period = 1;
  float end = 0;
  bool periodic = false;
};

/// Cosine that restarts after each cycle; each cycle is `longer` times as long as the previous one (SGDR).
struct CosineRestarts {
  int64_t period = 10;
  float longer = 1;
  float end = 0;
};

/// From 1 / start_divisor up to 1 within rise * period units, then down to 1 / (start_divisor end_divisor), both along
/// a cosine, or along a line with `linear` (PyTorch's OneCycleLR with max_lr = the optimizer's lr). With `three_phases`
/// it first falls to 1 / start_divisor in as many units as it rose.
struct OneCycle {
  int64_t period = 100;
  float rise = .3f;
  float start_divisor = 25;
  float end_divisor = 1e4f;
  bool linear = false;
  bool three_phases = false;
};

/// From `low` up to 1 in `rise` units, then down to `low` in `fall` (0: as many), both along a line, again and again.
/// What is above `low` is multiplied by `shrink` after each cycle (.5: "triangular2") and by `gamma` after each unit
/// ("exp_range"). (PyTorch's CyclicLR with max_lr = the optimizer's lr and base_lr = low * lr.)
struct Cyclic {
  int64_t rise = 2000;
  int64_t fall = 0;
  float low = .1f;
  float shrink = 1;
  float gamma = 1;
};

/// The factor of the last pair whose unit is at most t, 1 before the first: {{100, .5f}, {200, .1f}}. Units ascend.
struct Piecewise {
  std::vector<std::pair<int64_t, float>> factors;
};

/// A shape with a warm-up before it.
struct Schedule {
  std::variant<Constant, StepDecay, MultiStep, Exponential, InverseTime, Polynomial, Cosine, CosineRestarts, OneCycle,
               Piecewise, Cyclic>
      shape;
  bool by_epoch = false;    // t counts epochs; otherwise steps
  int64_t warm_up = 0;      // units over which the factor first rises linearly, from warm_up_start; t of the shape
  float warm_up_start = 0;  // counts from there
};

/// The factor on the host, for plots and tests. Throws `invalid_argument` naming the option that is out of range.
double factor_at(const Schedule& schedule, int64_t t);

}  // namespace lemnos::optim

LEMNOS_END_PUBLIC
