// The learning-rate finder: one step at each of increasing rates, and the resulting losses.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "lemnos/selection.h"

namespace lemnos {

LearningRateRange find_learning_rate(Trainer& trainer, const data::Dataset& train,
                                     const LearningRateRangeOptions& options) {
  require(options.from > 0 && options.to > options.from, ErrorCode::invalid_argument, "find_learning_rate: from ",
          options.from, " to ", options.to, "; both must be above 0, and the second the larger");
  require(options.steps >= 2, ErrorCode::invalid_argument, "find_learning_rate: ", options.steps,
          " steps, it takes at least 2");
  trainer.begin(train, options.batch_size);
  const Snapshot before = trainer.snapshot();
  const double ratio = std::pow(options.to / options.from, 1.0 / static_cast<double>(options.steps - 1));
  const double rate_of_one = optim::learning_rate(trainer.options().optimizer);
  LearningRateRange found;
  double smooth = 0, weight = 0, least = INFINITY;
  for (int64_t i = 0; i < options.steps; ++i) {
    const double rate = options.from * std::pow(ratio, static_cast<double>(i));
    trainer.set_learning_rate_factor(rate / rate_of_one);
    const double loss = trainer.step(1).loss;
    if (!std::isfinite(loss)) break;
    smooth = options.smoothing * smooth + (1 - options.smoothing) * loss;
    weight = options.smoothing * weight + (1 - options.smoothing);
    found.learning_rates.push_back(rate);
    found.losses.push_back(smooth / weight);
    if (found.losses.back() > 4 * least) break;
    least = std::min(least, found.losses.back());
  }
  trainer.restore(before);
  // Where the loss falls fastest against the logarithm of the rate, before its least value.
  const auto lowest = std::ranges::min_element(found.losses) - found.losses.begin();
  double steepest = 0;
  for (size_t i = 1; i < static_cast<size_t>(std::max<int64_t>(lowest, 0)); ++i) {
    const double fall = found.losses[i - 1] - found.losses[i + 1];
    if (fall <= steepest) continue;
    steepest = fall;
    found.suggestion = found.learning_rates[i];
  }
  return found;
}

}  // namespace lemnos
