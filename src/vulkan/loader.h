// The Vulkan loader library, opened at run time: a machine without one is a machine without a Vulkan device.
#pragma once

#include <memory>
#include <string>

#include "vulkan/functions.h"

namespace lemnos::vulkan {

class Loader {
 public:
  /// Opens the library that LEMNOS_VULKAN_LIBRARY names, else the system's (libvulkan.so.1, vulkan-1.dll,
  /// libMoltenVK.dylib). Throws `no_device`: "no Vulkan device: ..." with what was tried.
  static std::shared_ptr<Loader> open();
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  const GlobalTable& vk() const { return table_; }
  /// What the loader offers: VK_API_VERSION_1_x.
  uint32_t api_version() const;

 private:
  Loader() = default;
  void* library_ = nullptr;
  GlobalTable table_;
};

}  // namespace lemnos::vulkan
