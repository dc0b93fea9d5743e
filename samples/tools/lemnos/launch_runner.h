// The launches of a Repro on a device, one at a time, with a look at the memory between them.
#pragma once

#include <memory>
#include <vector>

#include "repro.h"
#include "vulkan/descriptors.h"
#include "vulkan/recorder.h"
#include "vulkan/staging.h"
#include "vulkan/timeline.h"

namespace lemnos::tool {

class LaunchRunner {
 public:
  /// Makes the buffers, with what they hold at the start. `repro` outlives this.
  LaunchRunner(std::shared_ptr<vulkan::Context> context, const Repro& repro);
  ~LaunchRunner();

  /// Returns when launch `index` is done. Throws `device_lost`.
  void run(size_t index);
  std::vector<std::byte> read(const Repro::Range& range);

 private:
  vulkan::BufferRange range_of(const Repro::Range& range) const;

  std::shared_ptr<vulkan::Context> context_;
  const Repro& repro_;
  std::shared_ptr<vulkan::Timeline> timeline_;
  vulkan::Staging staging_;
  std::vector<vulkan::Buffer> buffers_;
};

}  // namespace lemnos::tool
