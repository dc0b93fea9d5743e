// What the validation layers said: counted and kept, so that a test can fail on them.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "lemnos/log.h"
#include "vulkan/functions.h"

namespace lemnos::vulkan {

struct ValidationMessage {
  LogLevel level = LogLevel::warning;
  std::string id;  // "SYNC-HAZARD-READ-AFTER-WRITE"
  std::string text;
};

/// Written by the layers from any thread; read by tests from any thread.
class MessageLog {
 public:
  explicit MessageLog(Logger logger) : logger_(std::move(logger)) {}

  size_t errors() const;
  size_t warnings() const;
  std::vector<ValidationMessage> messages() const;
  void clear();
  /// Keeps the message and passes it on to the logger.
  void add(ValidationMessage message);

 private:
  mutable std::mutex mutex_;
  Logger logger_;
  std::vector<ValidationMessage> messages_;
};

/// The messenger description whose callback writes into `log`, which must outlive the messenger.
VkDebugUtilsMessengerCreateInfoEXT messenger_info(MessageLog& log);

}  // namespace lemnos::vulkan
