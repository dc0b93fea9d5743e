#include "vulkan/submission_log.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace lemnos::vulkan {

void SubmissionLog::add(const void* timeline, uint64_t value, std::string_view what, Proof proof) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[next_];
  next_ = (next_ + 1) % kKept;
  count_ = std::min(count_ + 1, kKept);
  entry.timeline = timeline;
  entry.value = value;
  entry.proof = proof;
  const size_t length = std::min(what.size(), kLongest);
  std::memcpy(entry.what.data(), what.data(), length);
  entry.what[length] = '\0';
}

void SubmissionLog::refused(const void* timeline, uint64_t value) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : entries_)
    if (entry.timeline == timeline && entry.value == value) {
      std::strcpy(entry.what.data(), "refused for want of memory");
      entry.proof = {};
    }
}

void SubmissionLog::forget(const void* timeline) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : entries_)
    if (entry.timeline == timeline) entry.proof = {};
}

std::string SubmissionLog::report() const {
  const std::lock_guard lock(mutex_);
  std::string lines;
  for (size_t i = 0; i < count_; ++i) {
    const Entry& entry = entries_[(next_ + kKept - count_ + i) % kKept];
    const char* end = !entry.proof.word                         ? ""
                      : *entry.proof.word == entry.proof.number ? "; it ran to its end"
                                                                : "; it did not run to its end";
    lines += text("\n  submission ", entry.value, ": ", entry.what[0] ? entry.what.data() : "other commands", end);
  }
  return lines;
}

}  // namespace lemnos::vulkan
