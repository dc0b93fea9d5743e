// The picture of a training run: loss and accuracy against the epoch, training and validation.
#pragma once

#include <string>

#include "io/history.h"
#include "io/svg_plot.h"

namespace lemnos::io {

/// Two panels, or one when the history has no accuracy. Reads the columns loss, val_loss, accuracy and val_accuracy,
/// those that exist, and the column epoch where there is one. Throws `not_found` when there is no loss.
Figure learning_curve_figure(const History& history, const std::string& title = {});
std::string learning_curve(const History& history, const std::string& title = {});

}  // namespace lemnos::io
