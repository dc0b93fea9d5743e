// Compute pipelines: described by value, made once per description, kept with the context and on disk.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "vulkan/functions.h"

namespace lemnos::vulkan {

class Context;

/// Everything that makes one pipeline differ from another.
struct PipelineDesc {
  std::string name;                     // the kernel, for labels and messages
  std::span<const uint32_t> spirv;      // words; only read during the call
  uint32_t bindings = 0;                // storage buffers, set 0, bindings 0 to n-1
  uint32_t push_bytes = 0;              // a multiple of 4, at most DeviceCaps::max_push_constants
  std::span<const uint32_t> spec;       // the words of specialisation constants 0 to n-1
  uint32_t required_subgroup_size = 0;  // 0: whatever the driver likes
  bool splittable = false;              // may be launched in parts (Recorder::dispatch_part)
  enum class Inspect : uint8_t { no, statistics, code };
  Inspect inspect = Inspect::no;  // what the driver is to keep for vulkan/executable.h
};

struct Pipeline {
  std::string name;
  VkPipeline handle = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkDescriptorSetLayout set_layout = VK_NULL_HANDLE;
  uint32_t bindings = 0;
  uint32_t push_bytes = 0;
};

/// The pipelines of one context. Thread-safe.
class PipelineStore {
 public:
  /// `borrowed` is the application's cache or null; `folder` is where our own is kept, or empty. `context` outlives
  /// the store.
  PipelineStore(Context& context, VkPipelineCache borrowed, const std::string& folder);
  /// Writes the cache when pipelines were added to it.
  ~PipelineStore();
  PipelineStore(const PipelineStore&) = delete;
  PipelineStore& operator=(const PipelineStore&) = delete;

  /// The reference stays valid as long as the store.
  const Pipeline& get(const PipelineDesc& desc);
  /// Throws what the first failing pipeline threw, after all threads have stopped.
  void prepare(std::span<const PipelineDesc> descs);
  bool save();
  /// The file that the cache was or will be kept in; empty without a folder.
  const std::string& file() const { return file_; }
  /// Bytes of the cache file that were accepted at the start.
  size_t loaded_bytes() const { return loaded_bytes_; }

 private:
  struct Key {
    std::string name;
    uint64_t spirv_hash = 0;
    size_t spirv_words = 0;
    uint32_t bindings = 0, push_bytes = 0, subgroup_size = 0;
    bool splittable = false;
    PipelineDesc::Inspect inspect = PipelineDesc::Inspect::no;
    std::vector<uint32_t> spec;
    auto operator<=>(const Key&) const = default;
  };
  struct Layout {
    VkDescriptorSetLayout set = VK_NULL_HANDLE;
    VkPipelineLayout pipeline = VK_NULL_HANDLE;
  };
  static Key key_of(const PipelineDesc& desc);
  void check(const PipelineDesc& desc) const;
  size_t cache_bytes() const;
  Layout layout_for(uint32_t bindings, uint32_t push_bytes);
  VkPipeline create(const PipelineDesc& desc, VkPipelineLayout layout);

  Context& context_;
  VkPipelineCache cache_ = VK_NULL_HANDLE;
  bool owns_cache_ = false;
  std::string file_;
  size_t loaded_bytes_ = 0;
  std::mutex mutex_;
  std::condition_variable made_;
  std::map<Key, std::unique_ptr<Pipeline>> pipelines_;
  std::set<Key> in_the_making_;  // by another thread: wait for it instead of compiling twice
  std::map<std::tuple<uint32_t, uint32_t>, Layout> layouts_;
  bool dirty_ = false;
};

}  // namespace lemnos::vulkan
