// Without exceptions: an error is a code and a message.
#include <cstdio>
#include <cstring>

#include <lemnos/lemnos.h>

bool extra_check() {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_device* device = nullptr;
  const lemnos_result result = lemnos_device_open("no such device", &device, &error);
  std::printf("%s: %s\n", lemnos_result_name(result), error.message);
  return result != LEMNOS_OK && device == nullptr && std::strlen(error.message) > 0;
}
