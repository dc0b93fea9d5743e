#include "lemnos/error.h"

namespace lemnos {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid argument";
    case ErrorCode::shape_mismatch: return "shape mismatch";
    case ErrorCode::out_of_range: return "out of range";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::not_found: return "not found";
    case ErrorCode::io: return "input/output";
    case ErrorCode::corrupt_data: return "corrupt data";
    case ErrorCode::no_device: return "no device";
    case ErrorCode::out_of_memory: return "out of memory";
    case ErrorCode::device_lost: return "device lost";
    case ErrorCode::internal: return "internal";
  }
  return "unknown";
}

const char* to_string(Status status) {
  switch (status) {
    case Status::ok: return "ok";
    case Status::out_of_memory: return "out of memory";
    case Status::device_lost: return "device lost";
    case Status::cancelled: return "cancelled";
  }
  return "unknown";
}

}  // namespace lemnos
