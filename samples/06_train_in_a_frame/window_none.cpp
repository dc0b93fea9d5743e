// A build without GLFW: no window.
#include <stdexcept>

#include "window.h"

Window::Window(uint32_t, uint32_t, const char*) {
  throw std::runtime_error("this build has no window: install GLFW (libglfw3-dev) and configure again");
}
Window::~Window() = default;
std::vector<const char*> Window::instance_extensions() const { return {}; }
VkSurfaceKHR Window::surface(VkInstance) const { return VK_NULL_HANDLE; }
VkExtent2D Window::pixels() const { return {}; }
void Window::rename(const std::string&) {}
bool Window::open() { return false; }
