// A window on the training: a page of this machine's own browser, with the run's curves and its controls. It is in the
// library lemnos::watch (CMake option LEMNOS_WATCH), which needs POSIX sockets.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lemnos/callback.h"
#include "lemnos/data.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::callback {

/// While a fit runs, `http://127.0.0.1:PORT/?token=TOKEN` shows loss, accuracy and learning rate, histograms of
/// weights and gradients, a confusion matrix, example predictions, memory and the launches of a step; and pauses the
/// run, ends it, or changes its learning rate (Trainer::set_learning_rate_factor). Nothing outside this machine can
/// reach it, the page loads nothing from anywhere, and without the token nobody is told or obeyed.
///
/// The run is told as every observer is: about five times a second. Weights, gradients and predictions are looked at
/// only while a page is open, for at most a twentieth of the time. What is shown changes nothing that is trained.
/// Throws `io` where the port is taken, `invalid_argument` for a port or a token that cannot be.
///
///     trainer.fit(digits.train, {.epochs = 5, .validation = &digits.test,
///                                .callbacks = {callback::Watch{.port = 8090, .examples = &digits.test}}});
struct Watch {
  int port = 8090;  // of 127.0.0.1; 0: any that is free
  /// Rows with classes, for the confusion matrix and the predictions: the validation set. The first 2000 count. It must
  /// outlive the fit.
  const data::Dataset* examples = nullptr;
  std::vector<std::string> class_names = {};  // empty: their numbers
  std::string title = {};
  /// What the page's address holds, at least 16 letters, digits, '-' or '_'; empty: drawn anew for each fit.
  std::string token = {};
  /// Gets the address before the first step; empty: the default logger does.
  std::function<void(const std::string& address)> opened = {};
  /// Asked ten times a second while the run pauses; true ends the pause.
  std::function<bool()> leave_pause = {};
  std::unique_ptr<Observer> observe() const;
};

}  // namespace lemnos::callback

LEMNOS_END_PUBLIC
