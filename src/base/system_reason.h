// The system's words for a failure, for messages: in English, whatever the locale.
#pragma once

#include <cerrno>
#include <ostream>
#include <string>
#include <system_error>

namespace lemnos {

/// "No such file or directory" for ENOENT.
std::string system_words(int error);

/// Of the last call of the system. The words are looked up when the message is printed: as a function's result they
/// could be taken before the call that fails, because the order in which arguments are evaluated is the compiler's.
struct SystemReason {};
inline constexpr SystemReason kSystemReason;
inline std::ostream& operator<<(std::ostream& out, SystemReason) { return out << system_words(errno); }

/// Of what std::filesystem reports.
std::string reason_of(const std::error_code& error);

}  // namespace lemnos
