// Lets LeakSanitizer see through the driver: libraries that are unloaded with an instance take their globals along, and
// what those pointed to then looks leaked. They are kept loaded, and what the layer itself leaks is named.
#if defined(__SANITIZE_ADDRESS__)
#include <dlfcn.h>

#include <initializer_list>

extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libVkLayer_khronos_validation.so\n"; }

namespace {
const bool g_kept = [] {
  for (const char* name : {"libvulkan_lvp.so", "libvulkan_intel.so", "libvulkan_intel_hasvk.so", "libvulkan_radeon.so",
                           "libVkLayer_MESA_device_select.so", "libVkLayer_khronos_validation.so"})
    dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  return true;
}();
}  // namespace
#endif
