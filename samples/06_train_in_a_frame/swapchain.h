// Shows finished images in a window: a surface, its swapchain, and the semaphores between a frame and the display.
#pragma once

#include <vulkan/vulkan.h>

#include <vector>

#include "window.h"

class Swapchain {
 public:
  /// Throws std::runtime_error if the queue cannot present to the window.
  Swapchain(const Window& window, VkInstance instance, VkPhysicalDevice physical, VkDevice device, uint32_t family);
  ~Swapchain();
  Swapchain(const Swapchain&) = delete;
  Swapchain& operator=(const Swapchain&) = delete;

  /// Acquires the window's next image and records a copy of `scene`, which is in the general layout; false while the
  /// window is not visible. The earlier frame's commands have ended.
  bool append(VkCommandBuffer commands, VkImage scene, VkExtent2D extent);
  /// For the submission of those commands: the semaphore that transfers wait for, and the one to signal.
  VkSemaphore taken() const { return taken_; }
  VkSemaphore drawn() const { return drawn_[image_]; }
  /// After that submission, on a queue that no other thread uses meanwhile.
  void present(VkQueue queue);

 private:
  bool take();
  bool create();

  const Window& window_;
  VkInstance instance_;
  VkPhysicalDevice physical_;
  VkDevice device_;
  VkSurfaceKHR surface_ = VK_NULL_HANDLE;
  VkSwapchainKHR swapchain_ = VK_NULL_HANDLE;
  VkExtent2D extent_{};
  bool stale_ = true;  // the window has changed since
  std::vector<VkImage> images_;
  uint32_t image_ = 0;
  VkSemaphore taken_ = VK_NULL_HANDLE;
  std::vector<VkSemaphore> drawn_;  // one an image: the display gives it back with the image
};
