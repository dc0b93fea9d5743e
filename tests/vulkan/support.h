// What the tests of this folder share: a context that fails the test on a validation message, small kernels, words.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tests/error_of.h"
#include "vulkan/descriptors.h"
#include "vulkan/owned_device.h"
#include "vulkan/recorder.h"
#include "vulkan/staging.h"
#include "vulkan/timeline.h"

namespace lemnos::vulkan::testing {

/// Opens devices, remembers their message logs, and fails in TearDown on anything that the validation layers said.
class VulkanTest : public ::testing::Test {
 protected:
  /// A quiet context without a cache folder; skips nothing: a machine that runs this suite has a driver.
  std::shared_ptr<Context> open(OpenOptions options = {});
  void watch(std::shared_ptr<MessageLog> log) { logs_.push_back(std::move(log)); }
  void TearDown() override;

  std::vector<std::string> logged_;  // what the library told the logger

 private:
  std::vector<std::shared_ptr<MessageLog>> logs_;
};

/// An instance and a device made by hand as an application would: no extension, only the required features.
class BareDevice {
 public:
  explicit BareDevice(std::shared_ptr<MessageLog> log);
  ~BareDevice();
  BareDevice(const BareDevice&) = delete;
  BareDevice& operator=(const BareDevice&) = delete;
  AdoptInfo adopt_info() const;

  std::shared_ptr<Loader> loader;
  VkInstance instance = VK_NULL_HANDLE;
  InstanceTable vk;
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  VkDevice device = VK_NULL_HANDLE;
  DeviceTable device_vk;
  uint32_t family = 0;
  uint32_t api_version = 0;
  std::vector<const char*> extensions;
  std::unique_ptr<FeatureChain> features;

 private:
  void create_instance();
  void create_device();
  std::shared_ptr<MessageLog> log_;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
};

struct ScaleAddPush {
  uint32_t count;
  uint32_t factor;
};
/// `spec` is {workgroup size, bias} and must outlive the description.
PipelineDesc scale_add_desc(std::span<const uint32_t> spec);
PipelineDesc accumulate_desc();
PipelineDesc subgroup_probe_desc(uint32_t required);

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span<const T, 1>(&value, 1));
}
std::vector<uint32_t> counting(size_t count, uint32_t first = 0);
void write_words(Staging& staging, Buffer& buffer, const std::vector<uint32_t>& words);
std::vector<uint32_t> read_words(Staging& staging, const Buffer& buffer, size_t count);

/// Computes factor * x + bias on `context` for 0, 1, 2, ... and expects the right words.
void expect_scale_add_works(const std::shared_ptr<Context>& context, uint32_t factor, uint32_t bias);

/// Makes a folder for one test and removes it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Sets an environment variable for one scope (null: unsets it).
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value);
  ~ScopedVariable();
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  std::string name_, before_;
  bool was_set_;
};

}  // namespace lemnos::vulkan::testing
