// The canary: deliberate defects that the validation layers must report, so that their silence elsewhere means
// something.
#include <algorithm>

#include "support.h"

namespace lemnos::vulkan::testing {
namespace {

// Not a VulkanTest: here messages are wanted.
std::shared_ptr<Context> open_validated(Validation validation) {
  return open_device({.logger = [](LogLevel, std::string_view) {}, .validation = validation, .cache_folder = ""});
}

#define OPEN_VALIDATED_OR_SKIP(context, validation)    \
  std::shared_ptr<Context> context;                    \
  try {                                                \
    context = open_validated(validation);              \
  } catch (const Error& error) {                       \
    if (error.code() != ErrorCode::unsupported) throw; \
    GTEST_SKIP() << error.what();                      \
  }

TEST(ValidationCanary, ASilentLayerIsNoLayer) {
  OPEN_VALIDATED_OR_SKIP(context, Validation::core)
  EXPECT_EQ(context->messages()->errors(), 0u);
  const Buffer buffer(context, Memory::device, 64, "canary");
  CommandPool pool(context);
  Recorder recorder = Recorder::begin(*context, pool.create(), Reuse::once);
  context->vk().vkCmdFillBuffer(recorder.commands(), buffer.handle(), 2, 8, 0);  // offset 2: against the rules
  recorder.end();
  ASSERT_GE(context->messages()->errors(), 1u);
  const ValidationMessage message = context->messages()->messages().front();
  EXPECT_NE(message.id.find("vkCmdFillBuffer"), std::string::npos) << message.id;
  context->messages()->clear();
  EXPECT_EQ(context->messages()->errors() + context->messages()->warnings(), 0u);
}

TEST(ValidationCanary, AMissingBarrierIsReported) {
  OPEN_VALIDATED_OR_SKIP(context, Validation::sync)
  const auto timeline = std::make_shared<Timeline>(context);
  const Buffer x(context, Memory::device, 256, "x"), y(context, Memory::device, 256, "y");
  const Pipeline& pipeline = context->pipeline(accumulate_desc());
  DescriptorPool descriptors(context, 1, 2);
  const BufferRange ranges[] = {x.range(), y.range()};
  const VkDescriptorSet set = descriptors.create(pipeline, ranges);
  CommandPool pool(context);
  for (const bool with_barrier : {true, false}) {
    context->messages()->clear();
    Recorder recorder = Recorder::begin(*context, pool.create(), Reuse::once);
    recorder.barrier();
    recorder.fill(x.range(), 1);
    recorder.fill(y.range(), 1);
    if (with_barrier) recorder.barrier();
    recorder.dispatch(pipeline, set, {}, {1, 1, 1});
    recorder.end();
    const VkCommandBuffer commands = recorder.commands();
    ASSERT_EQ(timeline->submit({&commands, 1}).status, Status::ok);
    ASSERT_EQ(timeline->wait_all(), Status::ok);
    const std::vector<ValidationMessage> messages = context->messages()->messages();
    const bool hazard = std::ranges::any_of(
        messages, [](const ValidationMessage& m) { return m.id.find("SYNC-HAZARD") != std::string::npos; });
    EXPECT_EQ(hazard, !with_barrier) << messages.size() << " messages";
  }
}

TEST(ValidationCanary, AnAccessOutOfBoundsIsReported) {
  OPEN_VALIDATED_OR_SKIP(context, Validation::gpu)
  const auto timeline = std::make_shared<Timeline>(context);
  const Buffer x(context, Memory::device, 256, "x"), y(context, Memory::device, 256, "y");
  const uint32_t spec[] = {64, 0};
  const Pipeline& pipeline = context->pipeline(scale_add_desc(spec));
  DescriptorPool descriptors(context, 2, 4);
  CommandPool pool(context);
  const ScaleAddPush push{.count = 64, .factor = 1};
  for (const VkDeviceSize bound : {256, 128}) {  // of what the kernel writes: all, or half
    context->messages()->clear();
    const BufferRange ranges[] = {x.range(), {y.handle(), 0, bound}};
    Recorder recorder = Recorder::begin(*context, pool.create(), Reuse::once);
    recorder.barrier();
    recorder.fill(x.range(), 1);
    recorder.barrier();
    recorder.dispatch(pipeline, descriptors.create(pipeline, ranges), bytes_of(push), {1, 1, 1});
    recorder.end();
    const VkCommandBuffer commands = recorder.commands();
    ASSERT_EQ(timeline->submit({&commands, 1}).status, Status::ok);
    context->vk().vkDeviceWaitIdle(context->device());  // the layer reports when it sees a queue idle
    EXPECT_EQ(context->messages()->errors() > 0, bound < 256);
  }
}

TEST(ValidationSwitch, TheEnvironmentHasFiveWords) {
  const std::pair<const char*, Validation> words[] = {
      {nullptr, Validation::off}, {"", Validation::off},      {"0", Validation::off},     {"off", Validation::off},
      {"1", Validation::core},    {"core", Validation::core}, {"sync", Validation::sync}, {"gpu", Validation::gpu}};
  for (const auto& [word, meaning] : words) {
    const ScopedVariable variable("LEMNOS_VALIDATION", word);
    EXPECT_EQ(validation_from_environment(), meaning) << (word ? word : "unset");
  }
  const ScopedVariable variable("LEMNOS_VALIDATION", "yes please");
  EXPECT_EQ(error_of([] { validation_from_environment(); }).code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace lemnos::vulkan::testing
