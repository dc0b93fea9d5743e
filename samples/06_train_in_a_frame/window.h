// A window for Vulkan, for example with GLFW, SDL or the system's functions.
#pragma once

#include <vulkan/vulkan.h>

#include <string>
#include <vector>

struct GLFWwindow;

class Window {
 public:
  /// Throws std::runtime_error if there is no display, or if the sample was built without GLFW.
  Window(uint32_t width, uint32_t height, const char* title);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  std::vector<const char*> instance_extensions() const;
  VkSurfaceKHR surface(VkInstance instance) const;
  /// The size of its content; 0 while it is minimised.
  VkExtent2D pixels() const;
  void rename(const std::string& title);
  /// Processes events; false when the window should close.
  bool open();

 private:
  GLFWwindow* window_ = nullptr;
};
