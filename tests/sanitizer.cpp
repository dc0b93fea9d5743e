// What the sanitizers have to know of the drivers' libraries, which are not built with them. In every test program of a
// build with LEMNOS_SANITIZE; nothing here names code of ours.
#include <dlfcn.h>

#include <initializer_list>

// What the layer itself leaks.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libVkLayer_khronos_validation.so\n"; }

// Mesa's software driver ends the life of a fence, with its mutex, after waits on a futex that the sanitizer does not
// see.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:libvulkan_lvp.so\n"; }

namespace {
// Libraries that are unloaded with an instance take their globals along, and what those pointed to then looks leaked.
const bool g_kept = [] {
  for (const char* name : {"libvulkan_lvp.so", "libvulkan_intel.so", "libvulkan_intel_hasvk.so", "libvulkan_radeon.so",
                           "libVkLayer_MESA_device_select.so", "libVkLayer_khronos_validation.so"})
    dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  return true;
}();
}  // namespace
