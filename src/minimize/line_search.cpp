#include "minimize/line_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lemnos {

namespace {

constexpr double kDecrease = 1e-4, kCurvature = .9;
constexpr int64_t kMostTrials = 25;

/// The minimum of the cubic that has the losses and slopes of two points, within the bounds; their middle where it has
/// none.
double cubic_minimum(const LinePoint& a, const LinePoint& b, double low, double high) {
  const double d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
  const double square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const double d2 = std::sqrt(square);
  const double at = a.t <= b.t ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
                               : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return std::isnan(at) ? (low + high) / 2 : std::clamp(at, low, high);
}

class Search {
 public:
  Search(const LinePoint& start, double size, double tolerance, const std::function<LinePoint(double)>& at)
      : start_(start), size_(size), tolerance_(tolerance), at_(at) {}

  LineFound run(double first) {
    grow(first);
    while (!done_ && trials_ < kMostTrials && std::abs(high_.t - low_.t) * size_ >= tolerance_) cut();
    return {low_, evaluations_};
  }

 private:
  bool falls_enough(const LinePoint& p) const { return p.loss <= start_.loss + kDecrease * p.t * start_.slope; }
  bool is_flat(const LinePoint& p) const { return std::abs(p.slope) <= -kCurvature * start_.slope; }
  LinePoint evaluated(double t) {
    ++evaluations_;
    return at_(t);
  }
  void between(const LinePoint& low, const LinePoint& high) { low_ = low, high_ = high; }

  // Until the interval holds a point that is right.
  void grow(double first) {
    LinePoint before = start_, now = evaluated(first);
    for (; trials_ < kMostTrials; ++trials_) {
      if (!falls_enough(now) || (trials_ > 1 && now.loss >= before.loss)) return between(before, now);
      if (is_flat(now)) {
        done_ = true;
        return between(now, now);
      }
      if (now.slope >= 0) return between(now, before);
      const double t = cubic_minimum(before, now, now.t + .01 * (now.t - before.t), now.t * 10);
      before = std::exchange(now, evaluated(t));
    }
    between(before, now);
  }

  void cut() {
    const double left = std::min(low_.t, high_.t), right = std::max(low_.t, high_.t), margin = .1 * (right - left);
    double t = cubic_minimum(low_.t <= high_.t ? low_ : high_, low_.t <= high_.t ? high_ : low_, left, right);
    // Twice near an end is no progress.
    if (std::min(right - t, t - left) >= margin) {
      near_end_ = false;
    } else if (near_end_ || t >= right || t <= left) {
      t = std::abs(t - right) < std::abs(t - left) ? right - margin : left + margin;
      near_end_ = false;
    } else {
      near_end_ = true;
    }
    LinePoint now = evaluated(t);
    ++trials_;
    if (!falls_enough(now) || now.loss >= low_.loss) {
      high_ = std::move(now);
      return;
    }
    done_ = is_flat(now);
    if (!done_ && now.slope * (high_.t - low_.t) >= 0) high_ = low_;
    low_ = std::move(now);
  }

  const LinePoint& start_;
  double size_, tolerance_;
  const std::function<LinePoint(double)>& at_;
  LinePoint low_, high_;  // the ends of the interval: the best that falls enough, and the other
  int64_t trials_ = 0, evaluations_ = 0;
  bool done_ = false, near_end_ = false;
};

}  // namespace

LineFound search_line(const LinePoint& start, double first, double size, double tolerance,
                      const std::function<LinePoint(double t)>& at) {
  return Search(start, size, tolerance, at).run(first);
}

}  // namespace lemnos
