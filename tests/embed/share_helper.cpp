// The other process of share_test.cpp: KIND HANDLE BYTES TYPE opens the memory, expects numbers(3) and leaves
// numbers(4).
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "shared_numbers.h"

int main(int argc, char** argv) {
  using namespace lemnos;
  using namespace lemnos::embed_tests;
  if (argc != 5) return 2;
  try {
    const Device device = Device::best();
    SharedNumbers here(device);
    const auto buffer =
        VulkanSharedBuffer::open(*here.session, {.kind = static_cast<VulkanShare>(std::atoi(argv[1])),
                                                 .handle = std::atoi(argv[2]),
                                                 .size = kSharedBytes,
                                                 .allocation_size = std::strtoull(argv[3], nullptr, 10),
                                                 .memory_type = static_cast<uint32_t>(std::atoi(argv[4])),
                                                 .device_uuid = device.info().uuid,
                                                 .driver_uuid = device.info().driver_uuid});
    here.use(buffer);
    buffer.acquire(*here.session);
    if (here.session->read_floats(here.x) != numbers(3)) return 3;
    here.session->write(here.x, numbers(4));
    buffer.release(*here.session);
    here.program.reset();
    here.session.reset();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}
