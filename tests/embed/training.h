// A small regression that the tests train: y = sum of squares of x, with a hidden layer and Adam.
#pragma once

#include <memory>
#include <vector>

#include "lemnos/session.h"
#include "lemnos/vulkan.h"

namespace lemnos::embed_tests {

inline constexpr Budget kOneStep = {.microseconds = 1e9, .steps = 1};

/// How large it is, and so how long a step takes.
struct Size {
  int64_t batch = 64, features = 16, hidden = 32;
};

class Training {
 public:
  /// `before_compile` may bind values of the session.
  using Hook = void (*)(Training&, void*);
  Training(const Device& device, Size size = {}, double segment_microseconds = 0, Hook before_compile = nullptr,
           void* context = nullptr);

  std::vector<float> parameters() { return session->read_floats(flat); }
  float loss_now() { return program->read_floats(loss)[0]; }
  static std::vector<float> inputs(Size size);
  static std::vector<float> targets(Size size);

  Graph graph;
  Value x, y, flat, loss, hidden_weight;
  std::unique_ptr<Session> session;
  std::unique_ptr<Program> program;
};

}  // namespace lemnos::embed_tests
