#include "lemnos/log.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace lemnos {

Logger default_logger() {
  const char* wanted = std::getenv("LEMNOS_LOG");
  const bool verbose = wanted && std::string_view(wanted) == "debug";
  return [verbose](LogLevel level, std::string_view message) {
    constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
    if (level < LogLevel::warning && !verbose) return;
    std::fprintf(stderr, "lemnos: %s: %.*s\n", kNames[static_cast<int>(level)], static_cast<int>(message.size()),
                 message.data());
  };
}

}  // namespace lemnos
