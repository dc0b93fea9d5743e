// Messages: `text("axis ", 3, " of ", shape)` and the checks that throw them. No text depends on a locale, neither on
// the process's nor on std::locale::global: numbers go through text(), formatted() or std::to_chars alone.
#pragma once

#include <locale>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "lemnos/error.h"
#include "lemnos/tensor.h"

namespace lemnos {

inline std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }
inline std::ostream& operator<<(std::ostream& out, const TensorDesc& desc) { return out << to_string(desc); }
inline std::ostream& operator<<(std::ostream& out, DType dtype) { return out << to_string(dtype); }

template <typename... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  (out << ... << parts);
  return std::move(out).str();
}

/// As printf in the C locale.
#if defined(__GNUC__)
[[gnu::format(printf, 1, 2)]]
#endif
std::string
formatted(const char* pattern, ...);

/// "512 B", "20.0 KiB", "1.5 MiB".
std::string bytes_text(uint64_t bytes);

/// The whole word (spaces around it aside, a plus sign allowed) as a number; nothing when it is not one.
std::optional<double> parse_number(std::string_view word);

/// With blanks behind it, at least one.
std::string padded(const std::string& word, size_t width);

/// With A to Z made small, and all else as it is.
std::string lower_case(std::string_view word);

template <typename... Parts>
[[noreturn]] void fail(ErrorCode code, const Parts&... parts) {
  throw Error(code, text(parts...));
}

/// Throws `code` with the message unless `ok`. The message is only built on failure.
template <typename... Parts>
void require(bool ok, ErrorCode code, const Parts&... parts) {
  if (!ok) [[unlikely]]
    fail(code, parts...);
}

}  // namespace lemnos
