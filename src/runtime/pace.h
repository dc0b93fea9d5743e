// Pace: which segments of a step may be handed over now, so that a frame keeps its budget and training goes on all the
// same. Numbers only: no device, no clock of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lemnos {

class Pace {
 public:
  /// Samples of a segment after which its cost counts as known; before, it is measured by itself.
  static constexpr uint32_t kLearning = 3;

  /// Guessed microseconds of each segment. Those from `first_update` on go together, whatever the budget.
  Pace(const std::vector<double>& guesses, size_t first_update);

  size_t segments() const { return costs_.size(); }
  size_t cursor() const { return cursor_; }
  bool at_start() const { return cursor_ == 0; }
  /// What the next segment is expected to take, with room for its variation.
  double next_cost() const { return cost(cursor_); }
  double cost(size_t segment) const;
  /// The mean of a whole step.
  double step_cost() const;
  /// Every segment has been measured.
  bool known() const;
  bool measured(size_t segment) const { return costs_[segment].samples > 0; }
  /// What a whole step may take, with room for its variation.
  double step_bound() const;
  bool learning(size_t segment) const { return costs_[segment].samples < kLearning; }
  /// By cost, the part of the step that was handed over: [0, 1).
  double step_done() const;

  /// Begins a call that may spend `budget`, of which `outstanding` is what earlier calls handed over and the device has
  /// not finished.
  void begin(double budget, double outstanding);
  /// Whether the next segment may go now. A segment longer than the whole budget goes when enough calls have gone by
  /// without spending theirs, so that on average the budget is kept.
  bool may_take() const;
  /// Takes it; true when that ends the step.
  bool take();
  /// Drops the step under way, unless its update has begun.
  void drop() { cursor_ = cursor_ <= first_update_ ? 0 : cursor_; }
  /// Back to where a call began: what it took could not be handed over.
  void rewind(size_t cursor) { cursor_ = cursor; }

  /// Segments [first, first + count) of one step took so long together.
  void measured(size_t first, size_t count, double microseconds);

 private:
  struct Cost {
    double mean = 0, deviation = 0;
    uint32_t samples = 0;
  };
  /// What the segments before `end` take, and so many deviations more.
  double expected(size_t end, double deviations) const;
  /// What goes with the next segment, at least.
  double due() const;

  std::vector<Cost> costs_;
  size_t first_update_ = 0, cursor_ = 0;
  double budget_ = 0, left_ = 0, saved_ = 0;
};

}  // namespace lemnos
