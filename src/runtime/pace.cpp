#include "runtime/pace.h"

#include <algorithm>
#include <cmath>

namespace lemnos {

namespace {
// A new sample moves the mean by a quarter.
constexpr double kSmoothing = .25;
constexpr double kDeviations = 2;
// One pre-empted measurement must not stop training for many frames; a device that really became slower is believed
// after a few.
constexpr double kMostGrowth = 2;
}  // namespace

Pace::Pace(const std::vector<double>& guesses, size_t first_update) : first_update_(first_update) {
  for (double guess : guesses) costs_.push_back({.mean = guess});
}

double Pace::cost(size_t segment) const { return costs_[segment].mean + kDeviations * costs_[segment].deviation; }

double Pace::expected(size_t end, double deviations) const {
  double total = 0;
  for (size_t i = 0; i < end; ++i) total += costs_[i].mean + deviations * costs_[i].deviation;
  return total;
}
double Pace::step_cost() const { return expected(segments(), 0); }
double Pace::step_bound() const { return expected(segments(), kDeviations); }

double Pace::due() const {
  return cursor_ == first_update_ ? step_bound() - expected(first_update_, kDeviations) : next_cost();
}

bool Pace::known() const {
  return std::ranges::all_of(costs_, [](const Cost& c) { return c.samples > 0; });
}

double Pace::step_done() const {
  const double total = step_cost();
  return total > 0 ? expected(cursor_, 0) / total : 0;
}

void Pace::begin(double budget, double outstanding) {
  budget_ = budget;
  left_ = budget - outstanding;
  const double wanted = due();
  saved_ = wanted > budget ? std::min(saved_ + std::max(left_, 0.0), wanted) : 0;
}

bool Pace::may_take() const {
  const double wanted = due();
  if (wanted <= left_ || cursor_ > first_update_) return true;
  return wanted > budget_ && left_ >= budget_ && saved_ >= wanted;
}

bool Pace::take() {
  left_ -= next_cost();
  saved_ = 0;
  cursor_ = (cursor_ + 1) % costs_.size();
  return cursor_ == 0;
}

void Pace::measured(size_t first, size_t count, double microseconds) {
  double expected = 0;
  for (size_t i = first; i < first + count; ++i) expected += costs_[i % costs_.size()].mean;
  if (expected <= 0 || !(microseconds > 0)) return;
  for (size_t i = first; i < first + count; ++i) {
    Cost& c = costs_[i % costs_.size()];
    const double sample = c.mean * microseconds / expected;
    // What disturbs a measurement makes it longer: of the first few the shortest is the truest.
    if (++c.samples <= kLearning) {
      c.mean = c.samples == 1 ? sample : std::min(c.mean, sample);
      continue;
    }
    const double bounded = std::min(sample, c.mean * kMostGrowth);
    c.deviation += kSmoothing * (std::abs(bounded - c.mean) - c.deviation);
    c.mean += kSmoothing * (bounded - c.mean);
  }
}

}  // namespace lemnos
