// What both sides of the sharing tests do: 256 numbers in a shared buffer, doubled by a program.
#pragma once

#include <memory>
#include <vector>

#include "lemnos/ops.h"
#include "lemnos/vulkan.h"

namespace lemnos::embed_tests {

constexpr VkDeviceSize kSharedBytes = 1024;

inline std::vector<float> numbers(int seed) {
  std::vector<float> values(kSharedBytes / sizeof(float));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) + 1000.f * static_cast<float>(seed);
  return values;
}

inline std::vector<float> doubled(std::vector<float> values) {
  for (float& v : values) v *= 2;
  return values;
}

struct SharedNumbers {
  explicit SharedNumbers(const Device& device) {
    x = graph.input("x", {{256}, DType::f32});
    doubled = x * 2.f;
    session = device.open(graph);
  }
  void use(const VulkanSharedBuffer& buffer) {
    import_buffer(*session, x, buffer.buffer());
    program = session->compile({.targets = {doubled}});
  }
  Graph graph;
  Value x, doubled;
  std::unique_ptr<Session> session;
  std::unique_ptr<Program> program;
};

}  // namespace lemnos::embed_tests
