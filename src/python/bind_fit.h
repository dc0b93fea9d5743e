// What fit() adds to the options that Python gave.
#pragma once

#include "lemnos/train.h"

namespace lemnos::python {

/// Has signals answered while the fit runs: KeyboardInterrupt ends it after the step in flight.
void answer_signals(FitOptions& options);

}  // namespace lemnos::python
