#include "watch/curve.h"

#include <cmath>

namespace lemnos::watch {

void Curve::Point::join(const Point& other) {
  step = other.step;
  steps += other.steps;
  loss += other.loss;
  right += other.right;
  samples += other.samples;
  rate += other.rate;
}

void Curve::add(std::span<const StepMetrics> steps) {
  for (const StepMetrics& s : steps) {
    const Point point{
        .step = s.step, .steps = 1, .loss = s.loss, .right = s.correct, .samples = s.samples, .rate = s.learning_rate};
    if (!points_.empty() && points_.back().steps < stride_)
      points_.back().join(point);
    else
      points_.push_back(point);
    if (points_.size() == kMostPoints && points_.back().steps == stride_) halve();
  }
}

void Curve::halve() {
  for (size_t i = 0; i < points_.size() / 2; ++i) {
    Point joined = points_[2 * i];
    joined.join(points_[2 * i + 1]);
    points_[i] = joined;
  }
  points_.resize(points_.size() / 2);
  stride_ *= 2;
}

void Curve::write(Json& json) const {
  json.open('{').field("stride", stride_);
  const auto column = [&](const char* name, auto value) {
    json.key(name).open('[');
    for (const Point& point : points_) json.add(value(point));
    json.close(']');
  };
  column("step", [](const Point& p) { return p.step; });
  column("loss", [](const Point& p) { return p.loss / static_cast<double>(p.steps); });
  column("accuracy", [](const Point& p) { return p.samples > 0 ? p.right / p.samples : NAN; });
  column("rate", [](const Point& p) { return p.rate / static_cast<double>(p.steps); });
  json.close('}');
}

}  // namespace lemnos::watch
