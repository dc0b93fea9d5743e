// An application for the tests: it has an instance, a device with nothing but what Lemnos requires, and a queue of its
// own, and every message of the validation layers fails the test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lemnos/vulkan.h"
#include "tests/error_of.h"
#include "vulkan/instance.h"
#include "vulkan/loader.h"
#include "vulkan/messages.h"

namespace lemnos::embed_tests {

class AppDevice {
 public:
  /// `chain`: whether the application has its own feature chain, as a renderer has.
  enum class Chain { ours, theirs };
  explicit AppDevice(Chain chain = Chain::ours);
  ~AppDevice();
  AppDevice(const AppDevice&) = delete;
  AppDevice& operator=(const AppDevice&) = delete;

  /// What the application tells Lemnos; the queue's lock is this one's.
  VulkanDevice description();
  Device adopt() { return lemnos::adopt(description()); }
  /// Adopted once: for tests of what comes after, which find its kernels compiled.
  const Device& adopted() {
    if (!adopted_) adopted_ = adopt();
    return *adopted_;
  }

  /// Invocations of compute shaders, as the device counts them, of what `record` writes into a command buffer; none
  /// where the device does not count or `Chain` was not `theirs`.
  std::optional<uint64_t> invocations(const std::function<void(VkCommandBuffer)>& record);

  // What an application does with its own device.
  VkBuffer buffer(VkDeviceSize bytes);
  VkCommandBuffer begin();
  void end_and_submit(VkCommandBuffer commands, VkSemaphore wait = VK_NULL_HANDLE, uint64_t wait_value = 0,
                      VkSemaphore signal = VK_NULL_HANDLE, uint64_t signal_value = 0);
  void wait_idle();
  VkSemaphore timeline();
  void signal(VkSemaphore semaphore, uint64_t value);
  uint64_t value_of(VkSemaphore semaphore);
  void barrier(VkCommandBuffer commands, const VulkanScope& from, const VulkanScope& to);
  std::vector<float> floats(const VulkanBuffer& from);
  void write(VkBuffer to, VkDeviceSize offset, const std::vector<float>& values);

  /// What the validation layers have said since the last call.
  std::vector<std::string> take_messages();

  vulkan::InstanceTable vk;
  vulkan::DeviceTable device_vk;
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  VkInstance instance = VK_NULL_HANDLE;
  VkDevice device = VK_NULL_HANDLE;
  VkQueue queue = VK_NULL_HANDLE;
  uint32_t family = 0;
  std::recursive_mutex queue_mutex;
  std::thread::id queue_holder;  // who has locked it for Lemnos; written under the lock alone

 private:
  struct Mapped {
    VkBuffer buffer;
    VkDeviceMemory memory;
  };
  void create_instance();
  void create_device(Chain chain);
  Mapped make_buffer(VkDeviceSize bytes, VkMemoryPropertyFlags properties);
  void copy(VkBuffer from, VkDeviceSize from_offset, VkBuffer to, VkDeviceSize to_offset, VkDeviceSize bytes);

  std::shared_ptr<vulkan::Loader> loader_;
  std::shared_ptr<vulkan::MessageLog> log_;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
  std::unique_ptr<VulkanRequirements> requirements_;
  VkPhysicalDeviceVulkan12Features own12_{};
  VkPhysicalDeviceSynchronization2Features own_sync_{};
  VkPhysicalDeviceFeatures2 own_chain_{};
  const VkPhysicalDeviceFeatures2* enabled_ = nullptr;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkPipelineCache cache_ = VK_NULL_HANDLE;  // as an application has one: what one test compiled the next finds
  size_t messages_seen_ = 0;
  std::optional<Device> adopted_;
  std::vector<Mapped> buffers_;
  std::vector<VkSemaphore> semaphores_;
};

/// Fails in TearDown on what the validation layers said.
class EmbedTest : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const std::string& message : app().take_messages()) ADD_FAILURE() << message;
  }
  /// One application for all tests of the process; it goes before main() returns.
  AppDevice& app();
};

}  // namespace lemnos::embed_tests
