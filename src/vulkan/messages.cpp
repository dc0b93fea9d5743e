#include "vulkan/messages.h"

#include <algorithm>
#include <cstring>

namespace lemnos::vulkan {

namespace {

// GPU-assisted validation says so where it switches on a feature, or reserves a descriptor, for itself: not about us.
constexpr const char* kOfItsOwnSettings = "WARNING-Setting-Limit-Adjusted";

size_t count(const std::vector<ValidationMessage>& messages, LogLevel level) {
  return static_cast<size_t>(
      std::ranges::count_if(messages, [&](const ValidationMessage& m) { return m.level == level; }));
}

VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                          VkDebugUtilsMessageTypeFlagsEXT,
                                          const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) {
  const char* const id = data->pMessageIdName ? data->pMessageIdName : "";
  if (std::strcmp(id, kOfItsOwnSettings) == 0) return VK_FALSE;
  const bool error = severity >= VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  // A callback into C must not throw: a message that cannot be kept is lost.
  try {
    static_cast<MessageLog*>(user)->add(
        {error ? LogLevel::error : LogLevel::warning, id, data->pMessage ? data->pMessage : ""});
  } catch (...) {
  }
  return VK_FALSE;
}

}  // namespace

size_t MessageLog::errors() const {
  const std::lock_guard lock(mutex_);
  return count(messages_, LogLevel::error);
}

size_t MessageLog::warnings() const {
  const std::lock_guard lock(mutex_);
  return count(messages_, LogLevel::warning);
}

std::vector<ValidationMessage> MessageLog::messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

void MessageLog::clear() {
  const std::lock_guard lock(mutex_);
  messages_.clear();
}

void MessageLog::add(ValidationMessage message) {
  if (logger_) logger_(message.level, "vulkan: " + message.text);
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(message));
}

VkDebugUtilsMessengerCreateInfoEXT messenger_info(MessageLog& log) {
  return {.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
          .messageSeverity =
              VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
          // GENERAL carries the loader's remarks on drivers that it could not open: not about us.
          .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
          .pfnUserCallback = on_message,
          .pUserData = &log};
}

}  // namespace lemnos::vulkan
