// Features: what an application enabled is read from any chain it may have written, and nothing else counts.
#include "support.h"

namespace lemnos::vulkan::testing {
namespace {

TEST(Features, AChainSaysWhatItWasMadeFrom) {
  for (const uint32_t version : {VK_API_VERSION_1_2, VK_API_VERSION_1_3}) {
    FeatureSet set = required_features();
    set.fp16 = set.storage16 = set.int64 = set.buffer_device_address = set.subgroup_size_control = true;
    const FeatureChain chain(set, version);
    const std::vector<const char*> extensions = extensions_for(set, version);
    EXPECT_EQ(enabled_features(chain.head(), extensions), set);
  }
}

TEST(Features, SingleStructuresCountLikeAggregates) {
  VkPhysicalDeviceTimelineSemaphoreFeatures timeline{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES, .timelineSemaphore = VK_TRUE};
  VkPhysicalDeviceShaderFloat16Int8Features small{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
      .pNext = &timeline,
      .shaderFloat16 = VK_TRUE};
  VkPhysicalDeviceVulkan13Features v13{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES, .pNext = &small, .synchronization2 = VK_TRUE};
  const VkPhysicalDeviceFeatures2 head{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &v13};
  FeatureSet expected = required_features();
  expected.fp16 = true;
  EXPECT_EQ(enabled_features(&head, {}), expected);
  EXPECT_EQ(enabled_features(nullptr, {}), FeatureSet{});
}

TEST(Features, AFeatureWithoutItsExtensionIsOff) {
  FeatureSet set = required_features();
  set.pipeline_executable_properties = true;
  const FeatureChain chain(set, VK_API_VERSION_1_3);
  EXPECT_FALSE(enabled_features(chain.head(), {}).pipeline_executable_properties);
}

TEST(Features, RequiredExtensionsFollowTheVersion) {
  const std::vector<const char*> on_1_2 = extensions_for(required_features(), VK_API_VERSION_1_2);
  ASSERT_EQ(on_1_2.size(), 1u);
  EXPECT_STREQ(on_1_2[0], "VK_KHR_synchronization2");
  EXPECT_TRUE(extensions_for(required_features(), VK_API_VERSION_1_3).empty());
}

}  // namespace
}  // namespace lemnos::vulkan::testing
