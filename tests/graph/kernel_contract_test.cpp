// Every embedded module keeps the kernel contract (shaders/README.md).
#include <gtest/gtest.h>

#include <string>

#include "graph/spirv_info.h"
#include "shaders/kernels.h"

namespace lemnos {
namespace {

constexpr uint32_t kFloat64 = 10, kInt64 = 11, kFloat16 = 9, kInt16 = 22, kInt8 = 39;
constexpr uint32_t kSubgroupArithmetic = 63, kStorage16 = 4433;

class KernelContract : public testing::TestWithParam<Kernel> {};

TEST_P(KernelContract, FitsThePoorestDevice) {
  const Kernel& kernel = GetParam();
  const SpirvInfo info = read_spirv(kernel.spirv);
  const std::string name = kernel.name;
  EXPECT_LE(info.push_bytes, 128u);
  EXPECT_EQ(info.push_bytes % 4, 0u);
  EXPECT_GE(info.bindings.size(), 1u);
  for (size_t i = 0; i < info.spec_ids.size(); ++i) EXPECT_EQ(info.spec_ids[i], i) << "specialisation ids have a gap";
  EXPECT_EQ(info.local_size_spec_id, 0) << "the workgroup size must be specialisation constant 0";
  EXPECT_EQ(info.local_size[1], 1u);
  EXPECT_EQ(info.local_size[2], 1u);
  bool writes = false;
  for (const SpirvBinding& binding : info.bindings) {
    EXPECT_TRUE(binding.readable || binding.writable) << "a binding that is neither read nor written";
    writes = writes || binding.writable;
  }
  EXPECT_TRUE(writes) << "a kernel that writes nothing";
  const bool cooperative = name.find("coop") != std::string::npos;
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
}

INSTANTIATE_TEST_SUITE_P(All, KernelContract, testing::ValuesIn(kernels().begin(), kernels().end()),
                         [](const auto& test) {
                           std::string name = test.param.name;
                           for (char& c : name)
                             if (c == '.') c = '_';
                           return name;
                         });

TEST(Kernels, StayFew) { EXPECT_LT(kernels().size(), 150u); }

TEST(SpirvInfo, RefusesWhatIsNoModule) {
  const uint32_t words[] = {0x12345678, 0, 0, 0, 0, 0};
  EXPECT_ANY_THROW(read_spirv(words));
  const uint32_t cut[] = {0x07230203u, 0, 0, 0, 0, (7u << 16) | 59u};
  EXPECT_ANY_THROW(read_spirv(cut));
}

}  // namespace
}  // namespace lemnos
