// lemnos.h: memory shared with other devices, processes and APIs.

#include <algorithm>
#include <cstddef>

#include "api/c_vulkan.h"

struct lemnos_shared_buffer {
  lemnos::VulkanSharedBuffer buffer;  // keeps its device alive
};

namespace lemnos::c {

namespace {

VulkanShare kind_of(uint32_t kind, const char* who) {
  require(kind <= LEMNOS_SHARE_OPAQUE_WIN32, ErrorCode::invalid_argument, who, ": ", kind,
          " is not a lemnos_share_kind");
  return static_cast<VulkanShare>(kind);
}

VulkanSharedMemory memory_of_share(const lemnos_shared_memory& from, const char* who) {
  VulkanSharedMemory to{.kind = kind_of(from.kind, who),
                        .handle = static_cast<intptr_t>(from.handle),
                        .size = from.size,
                        .allocation_size = from.allocation_size,
                        .memory_type = from.memory_type};
  std::ranges::copy(from.device_uuid, to.device_uuid.begin());
  std::ranges::copy(from.driver_uuid, to.driver_uuid.begin());
  return to;
}

lemnos_shared_memory memory_of_share(const VulkanSharedMemory& from) {
  lemnos_shared_memory to{};
  to.kind = static_cast<uint32_t>(from.kind);
  to.handle = from.handle;
  to.size = from.size;
  to.allocation_size = from.allocation_size;
  to.memory_type = from.memory_type;
  std::ranges::copy(from.device_uuid, to.device_uuid);
  std::ranges::copy(from.driver_uuid, to.driver_uuid);
  return to;
}

}  // namespace

}  // namespace lemnos::c

using namespace lemnos;
using c::given, c::guard;

extern "C" {

lemnos_result lemnos_shared_buffer_create(lemnos_session* session, uint64_t bytes, lemnos_share_kind kind,
                                          lemnos_shared_buffer** buffer, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "shared_buffer_create";
    given(buffer, kWho, "buffer") = nullptr;
    Session& on = *given(session, kWho, "session").open->session;
    *buffer =
        new lemnos_shared_buffer{VulkanSharedBuffer::create(on, bytes, c::kind_of(static_cast<uint32_t>(kind), kWho))};
  });
}

lemnos_result lemnos_shared_buffer_open(lemnos_session* session, const lemnos_shared_memory* memory,
                                        lemnos_shared_buffer** buffer, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "shared_buffer_open";
    given(buffer, kWho, "buffer") = nullptr;
    Session& on = *given(session, kWho, "session").open->session;
    // `new` allocates before it opens: after the descriptor was taken over, nothing can fail.
    *buffer = new lemnos_shared_buffer{VulkanSharedBuffer::open(on, c::memory_of_share(c::input(memory, kWho), kWho))};
  });
}

void lemnos_shared_buffer_destroy(lemnos_shared_buffer* buffer) { delete buffer; }

lemnos_result lemnos_shared_buffer_describe(const lemnos_shared_buffer* buffer, lemnos_vulkan_buffer* range,
                                            lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "shared_buffer_describe";
    given(range, kWho, "range");
    c::output(range, c::range_of(given(buffer, kWho, "buffer").buffer.buffer()), kWho);
  });
}

lemnos_result lemnos_shared_buffer_share(const lemnos_shared_buffer* buffer, lemnos_shared_memory* memory,
                                         lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "shared_buffer_share";
    const lemnos_shared_memory& to = given(memory, kWho, "memory");
    // A handle that the caller's struct has no room for would never be closed.
    require(to.struct_size >= offsetof(lemnos_shared_memory, size), ErrorCode::invalid_argument, kWho,
            ": struct_size is ", to.struct_size, "; set it to sizeof the struct, which is ", sizeof to);
    c::output(memory, c::memory_of_share(given(buffer, kWho, "buffer").buffer.share()), kWho);
  });
}

lemnos_result lemnos_shared_buffer_release(const lemnos_shared_buffer* buffer, lemnos_session* session,
                                           lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "shared_buffer_release";
    given(buffer, kWho, "buffer").buffer.release(*given(session, kWho, "session").open->session);
  });
}

lemnos_result lemnos_shared_buffer_acquire(const lemnos_shared_buffer* buffer, lemnos_session* session,
                                           lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "shared_buffer_acquire";
    given(buffer, kWho, "buffer").buffer.acquire(*given(session, kWho, "session").open->session);
  });
}

}  // extern "C"
