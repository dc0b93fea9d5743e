// The one place where C++ meets C: exceptions become a code and a message, and structs of another version become ours.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "base/text.h"
#include "lemnos/error.h"
#include "lemnos/lemnos.h"

namespace lemnos::c {

/// The exception in flight, as a code and a message. Never throws.
lemnos_result translate(lemnos_error* error) noexcept;
lemnos_result code_of(Status status) noexcept;

/// Runs the body of an entry point.
template <typename Body>
lemnos_result guard(lemnos_error* error, Body body) noexcept {
  try {
    body();
    if (error && error->struct_size >= 2 * sizeof(uint32_t)) error->code = LEMNOS_OK;
    return LEMNOS_OK;
  } catch (...) {
    return translate(error);
  }
}

/// The same for an entry point whose body returns a status. There is no message for a status.
template <typename Body>
lemnos_result guard_status(Body body) noexcept {
  lemnos_result result = LEMNOS_OK;
  const lemnos_result checked = guard(nullptr, [&] { result = code_of(body()); });
  return checked == LEMNOS_OK ? result : checked;
}

/// Throws `invalid_argument`: "fit: options is NULL".
template <typename T>
T& given(T* pointer, const char* who, const char* what) {
  require(pointer != nullptr, ErrorCode::invalid_argument, who, ": ", what, " is NULL");
  return *pointer;
}

/// Throws `invalid_argument` for a size that no version of the struct has had, `unsupported` for one of a newer version
/// that uses fields unknown to this version.
void check_size(const void* bytes, uint32_t size, size_t known, const char* who);

/// What a caller gave, in this version of the struct: fields that an older one lacks are zero.
template <typename T>
T input(const T* given_struct, const char* who) {
  const T& from = given(given_struct, who, "a struct");
  check_size(&from, from.struct_size, sizeof(T), who);
  T copy{};
  std::memcpy(&copy, &from, std::min<size_t>(from.struct_size, sizeof(T)));
  return copy;
}

/// The same of an array, whose elements all have the size that the first one says.
template <typename T>
T input_at(const T* first, uint64_t index, const char* who) {
  const T& from = given(first, who, "an array");
  check_size(&from, from.struct_size, sizeof(T), who);
  const auto* at = reinterpret_cast<const std::byte*>(first) + index * from.struct_size;
  T copy{};
  std::memcpy(&copy, at, std::min<size_t>(from.struct_size, sizeof(T)));
  return copy;
}

/// Fills as much of the caller's struct as it has. Null is allowed.
template <typename T>
void output(T* to, T value, const char* who) {
  if (!to) return;
  const uint32_t size = to->struct_size;
  require(size >= sizeof(uint32_t), ErrorCode::invalid_argument, who, ": struct_size of a result is ", size,
          "; set it to sizeof the struct, which is ", sizeof(T));
  value.struct_size = size;
  std::memcpy(static_cast<void*>(to), &value, std::min<size_t>(size, sizeof(T)));
}

/// Copies text into a fixed array, cut where it is too long.
template <size_t n>
void copy_text(char (&to)[n], const std::string& from) {
  const size_t length = std::min(from.size(), n - 1);
  std::memcpy(to, from.data(), length);
  to[length] = 0;
}

inline std::string text_of(const char* word, const char* fallback = "") { return word ? word : fallback; }

}  // namespace lemnos::c
