// Every embedded module keeps the kernel contract (shaders/README.md).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shaders/kernels.h"

namespace lemnos {
namespace {

constexpr uint32_t kFloat64 = 10, kInt64 = 11, kFloat16 = 9, kInt16 = 22, kInt8 = 39;
constexpr uint32_t kSubgroupArithmetic = 63, kStorage16 = 4433, kRoundingModeRte = 4467, kMatrices = 6022;

class KernelContract : public testing::TestWithParam<Kernel> {};

TEST_P(KernelContract, RunsOnTheMinimalDevice) {
  const Kernel& kernel = GetParam();
  const KernelInfo& info = kernel.info;
  const std::string name = kernel.name;
  EXPECT_LE(info.push_bytes, 128u);
  EXPECT_EQ(info.push_bytes % 4, 0u);
  EXPECT_GE(info.bindings, 1u);
  EXPECT_EQ(info.local_size_constant, 0) << "the workgroup size must be specialisation constant 0";
  EXPECT_EQ(info.local_size[1], 1u);
  EXPECT_EQ(info.local_size[2], 1u);
  for (size_t i = 0; i < info.bindings; ++i)
    EXPECT_TRUE(info.reads(i) || info.writes(i)) << "binding " << i << " is neither read nor written";
  EXPECT_NE(info.writable, 0u) << "a kernel that writes nothing";
  const bool cooperative = name.find("coop") != std::string::npos;
  EXPECT_TRUE(cooperative || info.shared_bytes <= 16384) << info.shared_bytes << " bytes of shared memory";
  for (uint32_t capability : {kFloat64, kInt64, kFloat16, kInt16, kInt8}) {
    EXPECT_TRUE(cooperative || !info.has_capability(capability))
        << "capability " << capability << " is not promised by a device";
  }
  const bool subgroup = cooperative || name.find(".subgroup") != std::string::npos;
  EXPECT_TRUE(subgroup || !info.has_capability(kSubgroupArithmetic))
      << "subgroup operations belong in a variant of that name";
  const bool sixteen = name.find(".f16") != std::string::npos || name.find(".bf16") != std::string::npos;
  const bool packed = name.find("f16p") != std::string::npos;
  EXPECT_TRUE((sixteen && !packed) || !info.has_capability(kStorage16));
  // NVIDIA 595.58 crashed while it compiled a module with both, and 610.88 on a declared rounding mode.
  EXPECT_FALSE(info.has_capability(kMatrices) && info.has_capability(kSubgroupArithmetic));
  EXPECT_FALSE(info.has_capability(kRoundingModeRte));
}

TEST_P(KernelContract, MatchesItsModule) {
  const Kernel& kernel = GetParam();
  const Kernel read = make_kernel(kernel.name, kernel.spirv);
  EXPECT_TRUE(kernel.info == read.info);
  EXPECT_FALSE(kernel.info == KernelInfo{});
}

INSTANTIATE_TEST_SUITE_P(All, KernelContract, testing::ValuesIn(kernels().begin(), kernels().end()),
                         [](const auto& test) {
                           std::string name = test.param.name;
                           for (char& c : name)
                             if (c == '.') c = '_';
                           return name;
                         });

TEST(Kernels, StayFew) { EXPECT_LT(kernels().size(), 150u); }

TEST(MakeKernel, RefusesWordsThatAreNotAModule) {
  const uint32_t words[] = {0x12345678, 0, 0, 0, 0, 0};
  EXPECT_ANY_THROW(make_kernel("none", words));
  const uint32_t cut[] = {0x07230203u, 0, 0, 0, 0, (7u << 16) | 59u};
  EXPECT_ANY_THROW(make_kernel("cut", cut));
}

// A module written by hand: the build reads its facts correctly.
TEST(MakeKernel, ReadsAModule) {
  const auto op = [](uint32_t code, std::initializer_list<uint32_t> operands) {
    std::vector<uint32_t> words = {(static_cast<uint32_t>(operands.size() + 1) << 16) | code};
    words.insert(words.end(), operands);
    return words;
  };
  std::vector<uint32_t> module = {0x07230203u, 0x10500u, 0, 40, 0};
  for (const std::vector<uint32_t>& words : {op(17, {1}),
                                             op(17, {61}),  // capabilities Shader, GroupNonUniform
                                             op(71, {20, 33, 2}),
                                             op(72, {10, 0, 24}),  // binding 2, NonWritable
                                             op(71, {21, 33, 0}),
                                             op(72, {11, 0, 25}),  // binding 0, NonReadable
                                             op(71, {30, 1, 0}),
                                             op(71, {31, 1, 1}),    // specialisation constants 0 and 1
                                             op(71, {32, 11, 25}),  // gl_WorkGroupSize
                                             op(72, {12, 0, 35, 0}),
                                             op(72, {12, 1, 35, 4}),  // offsets of push constants
                                             op(21, {1, 32, 0}),
                                             op(22, {2, 32}),
                                             op(23, {3, 2, 4}),  // uint, float, vec4
                                             op(50, {1, 30, 64}),
                                             op(50, {1, 31, 3}),
                                             op(43, {1, 33, 1}),  // 64, 3, and 1
                                             op(51, {4, 32, 30, 33, 33}),
                                             op(52, {1, 34, 81, 32, 0}),  // its first extent
                                             op(52, {1, 35, 132, 34, 31}),
                                             op(28, {5, 3, 35}),  // vec4[64 * 3]
                                             op(30, {10, 2}),
                                             op(30, {11, 2}),
                                             op(30, {12, 1, 2}),  // the blocks
                                             op(32, {6, 12, 10}),
                                             op(32, {7, 12, 11}),
                                             op(32, {8, 9, 12}),
                                             op(32, {9, 4, 5}),
                                             op(59, {6, 20, 12}),
                                             op(59, {7, 21, 12}),
                                             op(59, {8, 22, 9}),
                                             op(59, {9, 23, 4})})
    module.insert(module.end(), words.begin(), words.end());
  const KernelInfo info = make_kernel("by_hand", module).info;
  EXPECT_EQ(info.bindings, 3u);
  EXPECT_TRUE(info.reads(2) && !info.writes(2));
  EXPECT_TRUE(!info.reads(0) && info.writes(0));
  EXPECT_TRUE(!info.reads(1) && !info.writes(1));
  EXPECT_EQ(info.push_bytes, 8u);
  EXPECT_EQ(info.constants, 2u);
  EXPECT_EQ(info.constant_defaults[0], 64u);
  EXPECT_EQ(info.constant_defaults[1], 3u);
  EXPECT_EQ(info.local_size_constant, 0);
  EXPECT_EQ(info.shared_bytes, 16u * 64 * 3);
  EXPECT_TRUE(info.has_capability(61) && !info.has_capability(63));
}

}  // namespace
}  // namespace lemnos
