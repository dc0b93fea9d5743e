// Log messages: one function, which the application may replace.
#pragma once

#include <functional>
#include <string_view>

#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

enum class LogLevel { debug, info, warning, error };

/// The default writes warnings and errors to stderr (and everything with LEMNOS_LOG=debug). May be called from any
/// thread that is inside Lemnos.
using Logger = std::function<void(LogLevel, std::string_view message)>;

Logger default_logger();

}  // namespace lemnos

LEMNOS_END_PUBLIC
