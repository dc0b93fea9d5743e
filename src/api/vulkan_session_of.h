// The Vulkan session behind a session.
#pragma once

#include "base/text.h"
#include "runtime/vulkan_session.h"

namespace lemnos {

/// Throws `unsupported` for a session on another kind of device.
inline VulkanSession& vulkan_session_of(Session& session, const char* who) {
  auto* found = dynamic_cast<VulkanSession*>(&session);
  require(found != nullptr, ErrorCode::unsupported, who, ": the session is on '", session.info().name,
          "', which is not a Vulkan device");
  return *found;
}

}  // namespace lemnos
