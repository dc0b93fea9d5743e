// Poorer devices by name: what they lack is neither enabled nor in the caps, and nothing is added.
#include "vulkan/presets.h"

#include <gtest/gtest.h>

#include "support.h"
#include "vulkan/buffer.h"
#include "vulkan/caps.h"

namespace lemnos::vulkan::testing {
namespace {

class Presets : public VulkanTest {
 protected:
  std::shared_ptr<Context> play(const std::string& preset) { return open({.preset = preset}); }
};

TEST_F(Presets, OnlyRemoveCapabilities) {
  const std::shared_ptr<Context> rich = open();
  const auto count = [](const DeviceCaps& caps) {
    return caps.fp16 + caps.storage16 + caps.storage8 + caps.int8 + caps.subgroup_arithmetic +
           caps.subgroup_size_control + caps.fast_broadcast + caps.cooperative_matrix + caps.buffer_device_address;
  };
  for (const Preset& preset : presets()) {
    const std::shared_ptr<Context> poor = play(preset.name);
    const DeviceCaps &a = rich->caps(), &b = poor->caps();
    EXPECT_LE(count(b), count(a)) << preset.name;
    EXPECT_EQ(count(poorer(a, b)), count(b)) << preset.name << ": it has what the device lacks";
    EXPECT_LE(b.max_shared_memory, a.max_shared_memory) << preset.name;
    EXPECT_LE(b.max_workgroup_invocations, a.max_workgroup_invocations) << preset.name;
    EXPECT_LE(b.max_storage_range, a.max_storage_range) << preset.name;
    EXPECT_GE(std::string(preset.lacks).size(), 8u) << preset.name;
  }
}

TEST_F(Presets, RemoveTheCapabilitiesThatTheyName) {
  const std::shared_ptr<Context> half = play("no-half"), small = play("small-workgroups"), alone = play("no-subgroups"),
                                 portable = play("portable");
  for (const auto& context : {half, portable}) {
    EXPECT_FALSE(context->caps().fp16 || context->caps().storage16);
    EXPECT_FALSE(context->features().fp16 || context->features().storage16) << "enabled all the same";
  }
  for (const auto& context : {small, portable}) {
    EXPECT_LE(context->caps().max_shared_memory, 16384u);
    EXPECT_LE(context->caps().max_workgroup_invocations, 128u);
  }
  for (const auto& context : {alone, portable}) {
    EXPECT_FALSE(context->caps().subgroup_arithmetic || context->caps().fast_broadcast);
    EXPECT_FALSE(context->caps().cooperative_matrix);
    EXPECT_TRUE(context->caps().matrix_shapes.empty());
  }
}

TEST_F(Presets, TheMemoryLimitIsRespected) {
  const std::shared_ptr<Context> context = play("little-memory");
  EXPECT_LE(context->caps().max_storage_range, 128u << 20);
  EXPECT_EQ(error_of([&] { Buffer(context, Memory::device, 65u << 20, "x"); }).code(), ErrorCode::out_of_memory);
}

TEST_F(Presets, TheEnvironmentNamesOneAndOptionsReplaceIt) {
  const ScopedVariable preset("LEMNOS_PRESET", "small-workgroups");
  EXPECT_LE(open()->caps().max_workgroup_invocations, 128u);
  EXPECT_FALSE(play("no-half")->caps().storage16);
  const Error unknown = error_of([&] { play("rich"); });
  EXPECT_EQ(unknown.code(), ErrorCode::not_found);
  EXPECT_STREQ(unknown.what(),
               "device: no preset 'rich', only no-half, small-workgroups, no-subgroups, little-memory, portable");
}

}  // namespace
}  // namespace lemnos::vulkan::testing
