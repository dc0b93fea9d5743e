// Messages: `text("axis ", 3, " of ", shape)` and the checks that throw them.
#pragma once

#include <sstream>
#include <string>

#include "lemnos/error.h"
#include "lemnos/tensor.h"

namespace lemnos {

inline std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }
inline std::ostream& operator<<(std::ostream& out, const TensorDesc& desc) { return out << to_string(desc); }
inline std::ostream& operator<<(std::ostream& out, DType dtype) { return out << to_string(dtype); }

template <typename... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

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
