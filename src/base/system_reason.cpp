#include "base/system_reason.h"

#include <clocale>
#include <cstring>

namespace lemnos {

#if defined(__linux__)

std::string system_words(int error) {
  static const locale_t c = ::newlocale(LC_ALL_MASK, "C", locale_t{});
  return ::strerror_l(error, c);
}

std::string reason_of(const std::error_code& error) { return system_words(error.value()); }

#else

std::string system_words(int error) { return std::strerror(error); }

std::string reason_of(const std::error_code& error) { return error.message(); }

#endif

}  // namespace lemnos
