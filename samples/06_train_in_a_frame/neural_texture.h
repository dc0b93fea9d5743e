// The network that learns a texture while the renderer draws: all code that uses Lemnos, except the frame loop.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <lemnos/vulkan.h>
#include <lemnos/lemnos.hpp>

class NeuralTexture {
 public:
  /// Learns the RGBA texels, `side` each way, from a buffer of the application.
  NeuralTexture(const lemnos::Device& device, const lemnos::VulkanBuffer& texels, int64_t side);

  lemnos::VulkanRunner& runner() { return *runner_; }
  lemnos::Program& program() { return *program_; }
  float loss() { return program_->read_floats(loss_)[0]; }
  std::vector<float> weights() { return session_->read_floats(updated_); }
  /// The offset of the network in the published weights, in vec4.
  uint32_t place() const;

 private:
  lemnos::Graph graph_;
  lemnos::Value loss_, updated_;
  std::unique_ptr<lemnos::Session> session_;
  std::unique_ptr<lemnos::Program> program_;
  std::optional<lemnos::VulkanRunner> runner_;
};
