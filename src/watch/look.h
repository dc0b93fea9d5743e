// What a page is shown of the values: JSON made from a trainer between two of its steps. Nothing that is trained
// changes.
#pragma once

#include <string>
#include <vector>

#include "lemnos/train.h"

namespace lemnos::watch {

/// Of each parameter the distribution of its weights and of its gradients in the last step; of very large ones a
/// sample.
std::string layers_json(Trainer& trainer);

/// What a step needs, by kind, in bytes.
std::string memory_json(Trainer& trainer);

/// The launches of a step, by Program::profile: which runs two steps, so the trainer's state is put back behind them.
/// Of a device that cannot say, and of a run whose rows cannot come again, why not.
std::string timeline_json(FitRun& run);

/// The confusion matrix of the rows, and some of the predictions.
class Classes {
 public:
  /// Keeps the first rows of `examples`. Says in reason() why there is nothing to show of them.
  Classes(const data::Dataset* examples, std::vector<std::string> names, bool classes);
  std::string json(Trainer& trainer) const;

 private:
  data::Dataset rows_;
  std::vector<int32_t> labels_;
  std::vector<std::string> names_;
  std::string reason_;
};

}  // namespace lemnos::watch
