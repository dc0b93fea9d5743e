#include "vulkan/loader.h"

#include <cstdlib>
#include <vector>

#include "base/text.h"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace lemnos::vulkan {

namespace {

#ifdef _WIN32
void* open_library(const char* name) { return reinterpret_cast<void*>(LoadLibraryA(name)); }
void close_library(void* library) { FreeLibrary(reinterpret_cast<HMODULE>(library)); }
void* find_symbol(void* library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(reinterpret_cast<HMODULE>(library), name));
}
#else
// NODELETE: drivers leave threads and thread-local destructors behind that must not outlive their code.
void* open_library(const char* name) { return dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE); }
void close_library(void* library) { dlclose(library); }
void* find_symbol(void* library, const char* name) { return dlsym(library, name); }
#endif

std::vector<std::string> candidates() {
  if (const char* named = std::getenv("LEMNOS_VULKAN_LIBRARY"); named && *named) return {named};
#if defined(_WIN32)
  return {"vulkan-1.dll"};
#elif defined(__APPLE__)
  return {"libvulkan.1.dylib", "libvulkan.dylib", "libMoltenVK.dylib", "/usr/local/lib/libvulkan.1.dylib",
          "/opt/homebrew/lib/libvulkan.1.dylib"};
#else
  return {"libvulkan.so.1", "libvulkan.so"};
#endif
}

}  // namespace

std::shared_ptr<Loader> Loader::open() {
  std::string tried;
  std::shared_ptr<Loader> loader(new Loader);
  for (const std::string& name : candidates()) {
    tried += (tried.empty() ? "" : ", ") + name;
    if ((loader->library_ = open_library(name.c_str()))) break;
  }
  require(loader->library_ != nullptr, ErrorCode::no_device, "no Vulkan device: no Vulkan loader on this machine (",
          tried, " could not be opened)");
  const auto get = reinterpret_cast<PFN_vkGetInstanceProcAddr>(find_symbol(loader->library_, "vkGetInstanceProcAddr"));
  require(get != nullptr, ErrorCode::no_device, "no Vulkan device: ", tried, " has no vkGetInstanceProcAddr");
  loader->table_ = load_global_table(get);
  return loader;
}

Loader::~Loader() {
  if (library_) close_library(library_);
}

uint32_t Loader::api_version() const {
  uint32_t version = VK_API_VERSION_1_0;
  table_.vkEnumerateInstanceVersion(&version);
  return version;
}

}  // namespace lemnos::vulkan
