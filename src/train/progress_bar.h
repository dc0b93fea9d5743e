// Progress output: a bar on a terminal, otherwise a line for each epoch.
#pragma once

#include <cstdint>
#include <string>

#include "lemnos/train.h"

namespace lemnos::train {

/// The bar, in less than `columns` characters; `memory` is this process's, in bytes, 0 where it is unknown.
std::string bar_text(const Progress& progress, size_t columns, uint64_t memory = 0);

class ProgressBar {
 public:
  explicit ProgressBar(Verbosity verbosity);
  /// Redraws the bar (on a terminal only).
  void update(const Progress& progress);
  /// Ends the line of an epoch with its metrics.
  void finish(const Progress& progress, double seconds, const Metrics* validation, bool classes);
  /// Whether update() shows anything: if not, an epoch may run in one piece.
  bool draws() const { return draws_; }

 private:
  bool draws_, lines_;
};

}  // namespace lemnos::train
