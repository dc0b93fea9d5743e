// A Status where something throws: what was run while building, reading or looking.
#pragma once

#include "base/text.h"

namespace lemnos {

/// Throws the Error that belongs to a Status other than ok.
inline void require_ok(Status status, std::string_view doing) {
  if (status == Status::ok) return;
  const ErrorCode code = status == Status::device_lost     ? ErrorCode::device_lost
                         : status == Status::out_of_memory ? ErrorCode::out_of_memory
                                                           : ErrorCode::internal;
  fail(code, doing, ": ", to_string(status));
}

}  // namespace lemnos
