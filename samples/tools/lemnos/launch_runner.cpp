#include "launch_runner.h"

#include "base/status.h"
#include "base/text.h"
#include "vulkan/context.h"

namespace lemnos::tool {

LaunchRunner::LaunchRunner(std::shared_ptr<vulkan::Context> context, const Repro& repro)
    : context_(std::move(context)),
      repro_(repro),
      timeline_(std::make_shared<vulkan::Timeline>(context_)),
      staging_(timeline_) {
  for (const Repro::Buffer& buffer : repro.buffers) {
    buffers_.emplace_back(context_, vulkan::Memory::device, buffer.before.size(), buffer.name);
    require_ok(staging_.upload(buffer.before, buffers_.back()), "launch: upload");
  }
}

LaunchRunner::~LaunchRunner() { (void)timeline_->wait_all(); }

vulkan::BufferRange LaunchRunner::range_of(const Repro::Range& range) const {
  return buffers_[range.buffer].range(range.offset, range.bytes);
}

void LaunchRunner::run(size_t index) {
  const Repro::Launch& launch = repro_.launches[index];
  const vulkan::Pipeline& pipeline = context_->pipeline({.name = launch.kernel->name,
                                                         .spirv = launch.kernel->spirv,
                                                         .bindings = static_cast<uint32_t>(launch.bindings.size()),
                                                         .push_bytes = static_cast<uint32_t>(launch.params.bytes()),
                                                         .spec = launch.spec.span(),
                                                         .required_subgroup_size = launch.subgroup_size});
  std::vector<vulkan::BufferRange> ranges;
  for (const Repro::Range& range : launch.bindings) ranges.push_back(range_of(range));
  vulkan::DescriptorPool descriptors(context_, 1, static_cast<uint32_t>(ranges.size()));
  const VkDescriptorSet set = descriptors.create(pipeline, ranges);
  vulkan::CommandPool pool(context_);
  const VkCommandBuffer commands = vulkan::recorded(pool, [&](vulkan::Recorder& recorder) {
    recorder.barrier(true);
    const auto push = std::as_bytes(launch.params.span());
    if (launch.counts)
      recorder.dispatch_indirect(pipeline, set, push, range_of(*launch.counts));
    else
      recorder.dispatch(pipeline, set, push, launch.groups);
  });
  const vulkan::Submission submission = timeline_->submit(std::span(&commands, 1));
  require_ok(submission.status, "launch");
  require_ok(timeline_->wait(submission.value), "launch");
}

std::vector<std::byte> LaunchRunner::read(const Repro::Range& range) {
  std::vector<std::byte> bytes(range.bytes);
  require_ok(staging_.download(buffers_[range.buffer], range.offset, bytes), "launch: read");
  return bytes;
}

}  // namespace lemnos::tool
