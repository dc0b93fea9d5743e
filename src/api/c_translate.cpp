#include "api/c_translate.h"

#include <algorithm>
#include <exception>
#include <new>

namespace lemnos::c {

namespace {

lemnos_result code_of_error(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return LEMNOS_INVALID_ARGUMENT;
    case ErrorCode::shape_mismatch: return LEMNOS_SHAPE_MISMATCH;
    case ErrorCode::out_of_range: return LEMNOS_OUT_OF_RANGE;
    case ErrorCode::unsupported: return LEMNOS_UNSUPPORTED;
    case ErrorCode::not_found: return LEMNOS_NOT_FOUND;
    case ErrorCode::io: return LEMNOS_IO;
    case ErrorCode::corrupt_data: return LEMNOS_CORRUPT_DATA;
    case ErrorCode::no_device: return LEMNOS_NO_DEVICE;
    case ErrorCode::out_of_memory: return LEMNOS_OUT_OF_MEMORY;
    case ErrorCode::device_lost: return LEMNOS_DEVICE_LOST;
    case ErrorCode::internal: return LEMNOS_INTERNAL;
  }
  return LEMNOS_INTERNAL;
}

lemnos_result describe(lemnos_error* error, lemnos_result code, const char* message) noexcept {
  if (!error || error->struct_size < 2 * sizeof(uint32_t)) return code;
  error->code = code;
  const size_t header = offsetof(lemnos_error, message);
  if (error->struct_size <= header) return code;
  const size_t room = std::min<size_t>(error->struct_size, sizeof(lemnos_error)) - header;
  const size_t length = std::min(std::strlen(message), room - 1);
  std::memcpy(error->message, message, length);
  error->message[length] = 0;
  return code;
}

}  // namespace

lemnos_result translate(lemnos_error* error) noexcept {
  try {
    throw;
  } catch (const Error& e) {
    return describe(error, code_of_error(e.code()), e.what());
  } catch (const std::bad_alloc&) {
    return describe(error, LEMNOS_OUT_OF_MEMORY, "out of host memory");
  } catch (const std::exception& e) {
    return describe(error, LEMNOS_INTERNAL, e.what());
  } catch (...) {
    return describe(error, LEMNOS_INTERNAL, "an exception of unknown type");
  }
}

lemnos_result code_of(Status status) noexcept {
  switch (status) {
    case Status::ok: return LEMNOS_OK;
    case Status::out_of_memory: return LEMNOS_OUT_OF_MEMORY;
    case Status::device_lost: return LEMNOS_DEVICE_LOST;
    case Status::cancelled: return LEMNOS_CANCELLED;
  }
  return LEMNOS_INTERNAL;
}

void check_size(const void* bytes, uint32_t size, size_t known, const char* who) {
  require(size >= 2 * sizeof(uint32_t), ErrorCode::invalid_argument, who, ": struct_size is ", size,
          "; set it to sizeof the struct, which is ", known);
  if (size <= known) return;
  require(size <= (uint32_t{1} << 16), ErrorCode::invalid_argument, who, ": struct_size is ", size,
          ", and the struct has ", known, " bytes");
  const auto* tail = static_cast<const unsigned char*>(bytes);
  require(std::all_of(tail + known, tail + size, [](unsigned char c) { return c == 0; }), ErrorCode::unsupported, who,
          ": the caller's struct has ", size, " bytes and uses fields past the ", known, " that this version knows");
}

}  // namespace lemnos::c

extern "C" {

const char* lemnos_result_name(lemnos_result result) {
  if (result == LEMNOS_OK) return "ok";
  if (result == LEMNOS_CANCELLED) return "cancelled";
  for (int code = 0; code <= static_cast<int>(lemnos::ErrorCode::internal); ++code)
    if (lemnos::c::code_of_error(static_cast<lemnos::ErrorCode>(code)) == result)
      return lemnos::to_string(static_cast<lemnos::ErrorCode>(code));
  return "unknown";
}

}  // extern "C"
