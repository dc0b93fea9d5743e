// The class is public: lemnos/history.h.
#pragma once

#include <limits>

#include "lemnos/history.h"

namespace lemnos::io {
inline constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();  // of an epoch in which a series has none
inline constexpr const char* kEpochs = "epochs";                               // a name of the file's own
}  // namespace lemnos::io
