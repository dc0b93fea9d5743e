// The application: a renderer that owns its Vulkan device, off-screen or in a window. It draws one torus twice, with a
// texture and with a network that Lemnos trains. From Lemnos it needs the required features and the buffer of the
// weights.
#pragma once

#include <vulkan/vulkan.h>

#include <cstdint>
#include <optional>
#include <vector>

#include <lemnos/vulkan.h>

#include "swapchain.h"
#include "window.h"

/// The push constants of scene.glsl.
struct Draw {
  float angle = 0;
  uint32_t place = 0;  // of the network, in vec4 from the start of its buffer
};

/// Weights to draw with.
struct Network {
  lemnos::VulkanBuffer weights;
  uint32_t place = 0;
};

class Renderer {
 public:
  static constexpr uint32_t kTexture = 256;  // texels each way
  static constexpr uint32_t kView = 160;     // pixels each way, of each of the two views

  /// With a window, which must outlive it, scenes are shown there.
  explicit Renderer(const Window* window = nullptr);
  ~Renderer();
  Renderer(const Renderer&) = delete;
  Renderer& operator=(const Renderer&) = delete;

  /// The description of the device, for lemnos::adopt.
  lemnos::VulkanDevice description() const;
  /// The texture's texels, RGBA of a byte each, row by row: the training data.
  lemnos::VulkanBuffer texels() const { return {texels_.buffer, 0, texels_.size}; }

  /// A frame: begin, draw, finish. Other code may record in between.
  VkCommandBuffer begin();
  /// Truth on the left, network on the right.
  void draw_scene(VkCommandBuffer commands, float angle, const Network& network);
  /// Submits, shows the scene if there is a window, and waits.
  void finish(VkCommandBuffer commands);

  /// The last scene, RGBA [kView, 2 kView].
  std::vector<uint8_t> scene();
  /// The texture, and the network's version of it, RGBA [kTexture, kTexture].
  std::vector<uint8_t> truth();
  std::vector<uint8_t> learned(const Network& network);

 private:
  struct Image {
    VkImage image = VK_NULL_HANDLE;
    VkImageView view = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    VkExtent2D extent{};
  };
  struct Buffer {
    VkBuffer buffer = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    VkDeviceSize size = 0;
    const uint8_t* mapped = nullptr;
  };
  void create_instance(const Window* window);
  void create_device(bool presents);
  void create_descriptors();
  void create_pipelines();
  VkPipeline pipeline(std::span<const uint32_t> vertex, std::span<const uint32_t> fragment, bool deep) const;
  void bake_texture();
  void submit(VkCommandBuffer commands, VkSemaphore taken = VK_NULL_HANDLE, VkSemaphore drawn = VK_NULL_HANDLE);
  VkDeviceMemory allocate(const VkMemoryRequirements& needs, VkMemoryPropertyFlags properties) const;
  Image image(VkExtent2D extent, VkFormat format, VkImageUsageFlags usage) const;
  Buffer buffer(VkDeviceSize size, bool mapped) const;
  void read_weights_from(const lemnos::VulkanBuffer& weights);
  void begin_rendering(VkCommandBuffer commands, const Image& colour, const Image* depth) const;
  void draw(VkCommandBuffer commands, VkPipeline pipeline, uint32_t vertices, VkOffset2D at, VkExtent2D size,
            const Draw& numbers) const;
  void draw_flat(VkCommandBuffer commands, VkPipeline pipeline, const Draw& numbers, const Image& to) const;
  void copy(VkCommandBuffer commands, const Image& from, const Buffer& to) const;
  std::vector<uint8_t> read(const Image& from);

  VkInstance instance_ = VK_NULL_HANDLE;
  VkPhysicalDevice physical_ = VK_NULL_HANDLE;
  VkDevice device_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  uint32_t family_ = 0;
  std::vector<const char*> extensions_;
  VkPhysicalDeviceVulkan13Features features13_{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  VkPhysicalDeviceVulkan12Features features12_{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
  VkPhysicalDeviceVulkan11Features features11_{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES};
  VkPhysicalDeviceFeatures2 features_{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};

  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  VkFence done_ = VK_NULL_HANDLE;
  VkDescriptorSetLayout set_layout_ = VK_NULL_HANDLE;
  VkDescriptorPool descriptors_ = VK_NULL_HANDLE;
  VkDescriptorSet set_ = VK_NULL_HANDLE;
  VkPipelineLayout layout_ = VK_NULL_HANDLE;
  VkSampler sampler_ = VK_NULL_HANDLE;
  VkPipeline procedural_ = VK_NULL_HANDLE, truth_ = VK_NULL_HANDLE, neural_ = VK_NULL_HANDLE, flat_ = VK_NULL_HANDLE;
  Image texture_, learned_, colour_, depth_;
  Buffer texels_, readback_;
  std::optional<Swapchain> swapchain_;
};
