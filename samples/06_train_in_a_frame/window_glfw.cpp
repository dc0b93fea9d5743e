// The window with GLFW.
#define GLFW_INCLUDE_NONE
#include <vulkan/vulkan.h>
// Included after Vulkan, so that it declares the functions with Vulkan types.
#include <GLFW/glfw3.h>

#include <stdexcept>

#include "vk_check.h"
#include "window.h"

namespace {

std::runtime_error failure(const char* what) {
  const char* reason = nullptr;
  glfwGetError(&reason);
  return std::runtime_error(std::string(what) + (reason ? std::string(": ") + reason : ""));
}

}  // namespace

Window::Window(uint32_t width, uint32_t height, const char* title) {
  if (!glfwInit()) throw failure("no display to open a window on");
  const bool vulkan = glfwVulkanSupported() == GLFW_TRUE;
  glfwWindowHint(GLFW_CLIENT_API, GLFW_NO_API);  // Vulkan draws
  if (vulkan) window_ = glfwCreateWindow(static_cast<int>(width), static_cast<int>(height), title, nullptr, nullptr);
  if (!window_) {
    const std::runtime_error error = failure("no window for Vulkan");
    glfwTerminate();
    throw error;
  }
  glfwSetWindowAspectRatio(window_, static_cast<int>(width), static_cast<int>(height));
}

Window::~Window() {
  glfwDestroyWindow(window_);
  glfwTerminate();
}

std::vector<const char*> Window::instance_extensions() const {
  uint32_t count = 0;
  const char** names = glfwGetRequiredInstanceExtensions(&count);
  return {names, names + count};
}

VkSurfaceKHR Window::surface(VkInstance instance) const {
  VkSurfaceKHR made = VK_NULL_HANDLE;
  vk_check(glfwCreateWindowSurface(instance, window_, nullptr, &made), "surface");
  return made;
}

VkExtent2D Window::pixels() const {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  return {static_cast<uint32_t>(width), static_cast<uint32_t>(height)};
}

void Window::rename(const std::string& title) { glfwSetWindowTitle(window_, title.c_str()); }

bool Window::open() {
  glfwPollEvents();
  return !glfwWindowShouldClose(window_);
}
