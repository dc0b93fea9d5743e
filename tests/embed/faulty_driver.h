// A driver whose n-th call of an entry point fails, and that counts what was made and not destroyed.
//
// It stands between a context and the real driver, on one real VkDevice for all contexts, and keeps compiled pipelines,
// so that a life of a context takes milliseconds.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "vulkan/context.h"
#include "vulkan/features.h"

namespace lemnos::embed_tests {

/// One way in which a driver can fail.
struct Fault {
  const char* entry;
  VkResult result;
};

class FaultyDriver {
 public:
  /// What stands here a failing call leaves in its handle, which the specification leaves open.
  static constexpr uint64_t kGarbage = 0xdeadbeefdeadbeefull;

  /// The one driver: entry points carry no state.
  static FaultyDriver& get();
  /// Opens the device; `close` destroys it with the pipelines that were kept.
  void open();
  void close();

  /// A context on the device. `limits` makes it poorer, `amend` changes how it is adopted.
  std::shared_ptr<vulkan::Context> adopt(const std::function<void(DeviceCaps&)>& limits, Logger logger,
                                         const std::function<void(vulkan::AdoptInfo&)>& amend = {});
  vulkan::Context& base() { return *base_; }
  const std::shared_ptr<vulkan::Context>& shared_base() { return base_; }

  /// Counts from 0 anew. The `n`-th call of fault.entry fails, from 1 on; 0: none does. What begins with
  /// VK_ERROR_DEVICE_LOST goes on with it: from then on each entry point that may say so does.
  void arm(const Fault& fault, int n);
  void disarm() { arm({"", VK_SUCCESS}, 0); }
  bool fired() const { return fired_; }
  int calls(const std::string& entry);
  /// What was made and not destroyed, a line each; also handles that were destroyed and never made.
  std::vector<std::string> leaks();
  /// The real entry points.
  const vulkan::DeviceTable& real() const { return real_; }

  // For the entry points.
  struct Entry {
    std::string name;
    int calls = 0;
    int live = 0;
  };
  Entry& entry(const char* name);
  /// VK_SUCCESS: the call goes on to the real driver.
  VkResult before(Entry& entry);
  void made(Entry& entry, int count = 1);
  /// Whether the real driver is to be told.
  bool destroyed(Entry& entry, uint64_t handle);
  /// To be done by close(), once the pipelines that were kept are gone.
  void at_close(std::function<void()> destroy);
  VkResult make_module(VkDevice device, const VkShaderModuleCreateInfo* info, VkShaderModule* module);
  VkResult make_pipeline(VkDevice device, const VkComputePipelineCreateInfo& info, VkPipeline* pipeline);

 private:
  void adjust(vulkan::DeviceTable& table);

  std::shared_ptr<vulkan::Context> base_;
  std::unique_ptr<vulkan::FeatureChain> chain_;
  vulkan::DeviceTable real_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::string armed_;
  VkResult result_ = VK_SUCCESS;
  int at_ = 0;
  bool fired_ = false, lost_ = false;
  int unknown_ = 0;  // handles destroyed that were never made
  std::map<VkShaderModule, std::string> modules_;
  std::map<std::string, VkPipeline> pipelines_;
  std::vector<std::function<void()>> at_close_;
};

}  // namespace lemnos::embed_tests
