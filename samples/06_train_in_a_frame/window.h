// A window on the desktop, for Vulkan to draw into: what a renderer has GLFW, SDL or the system for.
#pragma once

#include <vulkan/vulkan.h>

#include <string>
#include <vector>

struct GLFWwindow;

class Window {
 public:
  /// Throws std::runtime_error where there is no display, or where the sample was built without GLFW.
  Window(uint32_t width, uint32_t height, const char* title);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  std::vector<const char*> instance_extensions() const;
  VkSurfaceKHR surface(VkInstance instance) const;
  /// What its inside measures now; nothing while it is minimised.
  VkExtent2D pixels() const;
  void rename(const std::string& title);
  /// Looks after what the user does; false once the window is to close.
  bool open();

 private:
  GLFWwindow* window_ = nullptr;
};
