#include "lemnos/session.h"

#include "base/half.h"
#include "base/status.h"
#include "runtime/compilation.h"

namespace lemnos {

namespace {
std::vector<float> to_floats(DType dtype, std::span<const std::byte> bytes) {
  std::vector<double> wide(bytes.size() / size_of(dtype));
  decode(dtype, bytes.data(), wide.data(), wide.size());
  return {wide.begin(), wide.end()};
}
}  // namespace

std::vector<float> Program::read_floats(Value value) {
  require(static_cast<bool>(value), ErrorCode::invalid_argument, "read: the value is empty");
  std::vector<std::byte> bytes(value.desc().bytes());
  read(value, bytes);
  return to_floats(value.dtype(), bytes);
}

std::vector<float> Session::read_floats(Value value) {
  (void)id_on(state(), value, "read");
  std::vector<std::byte> bytes(value.desc().bytes());
  read(value, bytes);
  return to_floats(value.dtype(), bytes);
}

std::vector<float> eval(const Device& device, Value value) {
  require(static_cast<bool>(value), ErrorCode::invalid_argument, "eval: the value is empty");
  const auto session = device.open(value.graph());
  const auto program = session->compile({.targets = {value}});
  require_ok(program->run(), "eval");
  return program->read_floats(value);
}

}  // namespace lemnos
