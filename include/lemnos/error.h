// Errors. Building (graph, plan, compile, load) throws `Error`; running (run, advance, record) returns `Status`.
#pragma once

#include <stdexcept>
#include <string>

#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

enum class ErrorCode {
  invalid_argument,  // a value that can never be right
  shape_mismatch,    // operands whose shapes do not match
  out_of_range,      // an index or axis past its end
  unsupported,       // valid, but this device or build does not support it
  not_found,         // a name, a file, a device
  io,                // the system refused to read or write
  corrupt_data,      // a file whose content contradicts itself
  no_device,         // no Vulkan loader, driver or usable device
  out_of_memory,
  device_lost,
  internal,  // a defect in Lemnos: please report it
};

/// Thrown while building. `what()` begins with the op or the file and gives both numbers:
/// `softmax: axis 3 is out of range for shape [64, 784]`.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string where = {})
      : std::runtime_error(message), code_(code), where_(std::move(where)) {}
  /// The kind of error, for programs; what() is for people.
  ErrorCode code() const { return code_; }
  /// The file, node or device at fault when the message alone does not name it; may be empty.
  const std::string& where() const { return where_; }

 private:
  ErrorCode code_;
  std::string where_;
};

/// Returned while running. Functions that return it neither throw nor allocate.
enum class [[nodiscard]] Status{ok, out_of_memory, device_lost, cancelled};

const char* to_string(ErrorCode code);
const char* to_string(Status status);

}  // namespace lemnos

LEMNOS_END_PUBLIC
