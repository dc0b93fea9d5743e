// One column of a history, and whether it still gets better.
#pragma once

#include <cmath>
#include <string>

#include "lemnos/callback.h"

namespace lemnos::train {

class Monitor {
 public:
  Monitor(std::string column, callback::Goal goal)
      : column_(std::move(column)),
        sign_(goal == callback::Goal::largest ||
                      (goal == callback::Goal::automatic && column_.find("accuracy") != std::string::npos)
                  ? -1
                  : 1) {}

  /// The value of the last epoch; throws `not_found` with the columns that exist.
  double value(const History& history) const { return history.last(column_); }
  /// Whether `value` is better than the best so far by more than `margin`; then it is the best. NaN never is.
  bool improves(double value, double margin = 0) {
    const bool better = std::isnan(best_) ? !std::isnan(value) : sign_ * value < sign_ * best_ - margin;
    if (better) best_ = value;
    return better;
  }
  double best() const { return best_; }  // NaN before the first
  const std::string& column() const { return column_; }

 private:
  std::string column_;
  double sign_;
  double best_ = NAN;
};

}  // namespace lemnos::train
