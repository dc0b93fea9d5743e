// What Determinism::across_devices makes of a module.
#include "vulkan/contraction.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <set>
#include <vector>

#include "lemnos/error.h"
#include "support.h"

namespace lemnos::vulkan::testing {
namespace {

using Words = std::vector<uint32_t>;

constexpr uint32_t kOpExtInst = 12, kOpDecorate = 71, kOpFAdd = 129, kOpFMul = 133, kNoContractionWord = 42;

/// Instructions of that kind, each with its operands.
std::vector<Words> find(const Words& module, uint32_t op) {
  std::vector<Words> found;
  for (size_t at = 5; at < module.size(); at += module[at] >> 16) {
    if (module[at] >> 16 == 0) throw Error(ErrorCode::internal, "a word count of 0");
    if ((module[at] & 0xffff) == op)
      found.emplace_back(module.begin() + static_cast<std::ptrdiff_t>(at),
                         module.begin() + static_cast<std::ptrdiff_t>(at + (module[at] >> 16)));
  }
  return found;
}

std::set<uint32_t> exact_ids(const Words& module) {
  std::set<uint32_t> ids;
  for (const Words& in : find(module, kOpDecorate))
    if (in.size() == 3 && in[2] == kNoContractionWord) ids.insert(in[1]);
  return ids;
}

// An import, a decoration, a type and a body, in the order of the specification: %12 = fma(%9, %10, %11), %13 = %12 +
// %9.
Words module_of_fma() {
  const uint32_t name[] = {0x4c534c47, 0x6474732e, 0x3035342e, 0};  // "GLSL.std.450"
  Words m = {0x07230203, 0x00010500, 0, 14, 0};
  m.insert(m.end(), {6u << 16 | 11, 1, name[0], name[1], name[2], name[3]});  // %1 = OpExtInstImport
  m.insert(m.end(), {4u << 16 | 71, 5, 33, 0});                               // OpDecorate %5 Binding 0
  m.insert(m.end(), {3u << 16 | 22, 2, 32});                                  // %2 = OpTypeFloat 32
  m.insert(m.end(), {8u << 16 | kOpExtInst, 2, 12, 1, 50, 9, 10, 11});        // %12 = Fma
  m.insert(m.end(), {5u << 16 | kOpFAdd, 2, 13, 12, 9});                      // %13 = OpFAdd
  return m;
}

TEST(Contraction, AFusedMultiplyAddBecomesAProductAndASum) {
  const Words made = without_contraction(module_of_fma());
  EXPECT_EQ(made[3], 15u) << "the bound of the ids";
  EXPECT_TRUE(find(made, kOpExtInst).empty());
  EXPECT_EQ(find(made, kOpFMul), (std::vector<Words>{{5u << 16 | kOpFMul, 2, 14, 9, 10}}));
  EXPECT_EQ(find(made, kOpFAdd),
            (std::vector<Words>{{5u << 16 | kOpFAdd, 2, 12, 14, 11}, {5u << 16 | kOpFAdd, 2, 13, 12, 9}}));
  EXPECT_EQ(exact_ids(made), (std::set<uint32_t>{12, 13, 14}));
  EXPECT_EQ(made[5] & 0xffff, 11u) << "decorations stand after the imports";
  EXPECT_EQ(without_contraction(made).size(), made.size() + 9) << "what is exact is said twice, and nothing is split";
}

TEST(Contraction, WhatIsNoModuleStaysAsItIs) {
  EXPECT_EQ(without_contraction({}), Words{});
  const Words torn = {0x07230203, 0x00010500, 0, 14, 0, 9u << 16 | kOpFAdd, 2};
  EXPECT_EQ(without_contraction(torn), torn);
  const Words endless = {0x07230203, 0x00010500, 0, 14, 0, kOpFAdd};
  EXPECT_EQ(without_contraction(endless), endless);
}

class AcrossDevices : public VulkanTest {};

TEST_F(AcrossDevices, CapsAreThoseOfEveryDevice) {
  const std::shared_ptr<Context> context = open({.determinism = Determinism::across_devices});
  const DeviceCaps& caps = context->caps();
  EXPECT_EQ(caps.determinism, Determinism::across_devices);
  EXPECT_FALSE(caps.software || caps.subgroup_arithmetic || caps.fp16 || caps.storage16 || caps.cooperative_matrix);
  EXPECT_EQ(caps.max_workgroup_invocations, 128u);
  EXPECT_EQ(caps.max_shared_memory, 16384u);
  EXPECT_EQ(caps.max_storage_range, uint64_t{1} << 27);
  expect_scale_add_works(context, 3, 11);
}

TEST_F(AcrossDevices, TheEnvironmentMaySaySo) {
  ::setenv("LEMNOS_DETERMINISM", "across_devices", 1);
  EXPECT_EQ(open()->caps().determinism, Determinism::across_devices);
  ::setenv("LEMNOS_DETERMINISM", "always", 1);
  try {
    (void)open();
    ADD_FAILURE() << "an unknown word was taken";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "LEMNOS_DETERMINISM: 'always' is unknown; it takes device or across_devices");
  }
  ::unsetenv("LEMNOS_DETERMINISM");
  EXPECT_EQ(open()->caps().determinism, Determinism::device);
}

}  // namespace
}  // namespace lemnos::vulkan::testing
