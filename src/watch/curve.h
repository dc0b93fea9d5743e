// What each step came to, in bounded memory: when there are many, neighbours become one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lemnos/callback.h"
#include "watch/json.h"

namespace lemnos::watch {

class Curve {
 public:
  static constexpr size_t kMostPoints = 1024;

  void add(std::span<const StepMetrics> steps);
  /// How many steps a full point stands for.
  int64_t stride() const { return stride_; }
  size_t size() const { return points_.size(); }
  /// {"stride": .., "step": [..], "loss": [..], "accuracy": [..], "rate": [..]}: means over the steps of each point,
  /// which stands at its last step.
  void write(Json& json) const;

 private:
  struct Point {
    int64_t step = 0, steps = 0;
    double loss = 0, right = 0, samples = 0, rate = 0;  // sums
    void join(const Point& other);
  };
  void halve();

  std::vector<Point> points_;
  int64_t stride_ = 1;
};

}  // namespace lemnos::watch
