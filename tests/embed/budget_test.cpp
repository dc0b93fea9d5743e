// Memory that is not there is refused, before anything is allocated, and never taken from the host instead: a device of
// the test's own with 64 MiB of its memory, of which 48 may be used, and a gigabyte of the host's.
#include <array>
#include <cstdlib>
#include <cstring>

#include "api/op_library.h"
#include "app_device.h"
#include "faulty_driver.h"
#include "lemnos/ops.h"
#include "runtime/backends.h"
#include "vulkan/buffer.h"

namespace lemnos::embed_tests {
namespace {

constexpr VkDeviceSize kMiB = VkDeviceSize{1} << 20;

class TwoHeaps {
 public:
  static TwoHeaps& get() {
    static TwoHeaps heaps;
    return heaps;
  }

  void amend(vulkan::AdoptInfo& info) {
    used = {};
    allocations = 0;
    real_get_ = info.get_instance_proc_addr;
    real_type_ = 0;
    VkPhysicalDeviceMemoryProperties memory;
    FaultyDriver::get().base().instance_vk().vkGetPhysicalDeviceMemoryProperties(info.physical_device, &memory);
    constexpr VkMemoryPropertyFlags kBoth = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    while ((memory.memoryTypes[real_type_].propertyFlags & kBoth) != kBoth) ++real_type_;
    extensions_.assign(info.enabled_extensions.begin(), info.enabled_extensions.end());
    extensions_.push_back(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
    info.enabled_extensions = extensions_;
    info.get_instance_proc_addr = [](VkInstance instance, const char* name) -> PFN_vkVoidFunction {
      if (!std::strcmp(name, "vkGetPhysicalDeviceMemoryProperties"))
        return reinterpret_cast<PFN_vkVoidFunction>(properties);
      if (!std::strcmp(name, "vkGetPhysicalDeviceMemoryProperties2"))
        return reinterpret_cast<PFN_vkVoidFunction>(properties2);
      return get().real_get_(instance, name);
    };
    info.adjust_table = [adjust = info.adjust_table](vulkan::DeviceTable& table) {
      adjust(table);
      get().adjust(table);
    };
  }

  std::array<VkDeviceSize, 2> used{};  // by heap: nothing is given back in these tests' lives
  int allocations = 0;

 private:
  static VKAPI_ATTR void VKAPI_CALL properties(VkPhysicalDevice, VkPhysicalDeviceMemoryProperties* memory) {
    *memory = {};
    memory->memoryTypeCount = memory->memoryHeapCount = 2;
    memory->memoryHeaps[0] = {64 * kMiB, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT};
    memory->memoryHeaps[1] = {1024 * kMiB, 0};
    memory->memoryTypes[0] = {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0};
    memory->memoryTypes[1] = {
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
        1};
  }
  static VKAPI_ATTR void VKAPI_CALL properties2(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties2* memory) {
    properties(device, &memory->memoryProperties);
    for (auto* next = static_cast<VkBaseOutStructure*>(memory->pNext); next; next = next->pNext) {
      if (next->sType != VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT) continue;
      auto* budget = reinterpret_cast<VkPhysicalDeviceMemoryBudgetPropertiesEXT*>(next);
      budget->heapBudget[0] = 48 * kMiB;
      budget->heapBudget[1] = 1024 * kMiB;
      for (size_t i = 0; i < 2; ++i) budget->heapUsage[i] = get().used[i];
    }
  }
  void adjust(vulkan::DeviceTable& table) {
    faulty_allocate_ = table.vkAllocateMemory;
    table.vkAllocateMemory = [](VkDevice device, const VkMemoryAllocateInfo* info,
                                const VkAllocationCallbacks* callbacks, VkDeviceMemory* memory) {
      get().used[info->memoryTypeIndex] += info->allocationSize;
      ++get().allocations;
      VkMemoryAllocateInfo real = *info;
      real.memoryTypeIndex = get().real_type_;
      return get().faulty_allocate_(device, &real, callbacks, memory);
    };
    table.vkGetBufferMemoryRequirements = [](VkDevice device, VkBuffer buffer, VkMemoryRequirements* needs) {
      FaultyDriver::get().real().vkGetBufferMemoryRequirements(device, buffer, needs);
      needs->memoryTypeBits = 3;
    };
    table.vkGetBufferMemoryRequirements2 = [](VkDevice device, const VkBufferMemoryRequirementsInfo2* info,
                                              VkMemoryRequirements2* needs) {
      FaultyDriver::get().real().vkGetBufferMemoryRequirements2(device, info, needs);
      needs->memoryRequirements.memoryTypeBits = 3;
    };
    table.vkGetDeviceBufferMemoryRequirements = nullptr;
  }

  PFN_vkGetInstanceProcAddr real_get_ = nullptr;
  PFN_vkAllocateMemory faulty_allocate_ = nullptr;
  uint32_t real_type_ = 0;
  std::vector<const char*> extensions_;
};

class Budgets : public testing::Test {
 protected:
  static void SetUpTestSuite() { FaultyDriver::get().open(); }
  static void TearDownTestSuite() { FaultyDriver::get().close(); }
  void SetUp() override {
    FaultyDriver::get().disarm();
    ::setenv("LEMNOS_SELF_TEST", "off", 1);
  }
  void TearDown() override { ::unsetenv("LEMNOS_SELF_TEST"); }
  static std::shared_ptr<vulkan::Context> open(uint64_t budget = 0) {
    return FaultyDriver::get().adopt([](DeviceCaps&) {}, [](LogLevel, std::string_view) {},
                                     [&](vulkan::AdoptInfo& info) {
                                       TwoHeaps::get().amend(info);
                                       info.memory_budget = budget;
                                     });
  }
  static bool has(const std::string& in, const std::string& wanted) { return in.find(wanted) != std::string::npos; }
};

TEST_F(Budgets, TheHostsMemoryIsNotTakenForTheDevices) {
  const auto context = open();
  EXPECT_FALSE(context->caps().unified_memory);
  EXPECT_EQ(context->allocator().bytes_left(), 48 * kMiB);
  const vulkan::Buffer first(context, vulkan::Memory::device, 40 * kMiB, "first");
  EXPECT_EQ(TwoHeaps::get().used[1], 0u);
  EXPECT_LT(context->allocator().bytes_left(), 8 * kMiB);
  const Error error =
      error_of([&] { const vulkan::Buffer second(context, vulkan::Memory::device, 20 * kMiB, "second"); });
  EXPECT_EQ(error.code(), ErrorCode::out_of_memory) << error.what();
  EXPECT_TRUE(has(error.what(), "buffer 'second'") && has(error.what(), " left")) << error.what();
  EXPECT_LE(TwoHeaps::get().used[0], 48 * kMiB);
  EXPECT_EQ(TwoHeaps::get().used[1], 0u) << "it went to the host's memory instead";
  const vulkan::Buffer upload(context, vulkan::Memory::upload, kMiB, "upload");
  EXPECT_GE(TwoHeaps::get().used[1], kMiB);
}

TEST_F(Budgets, AProgramThatDoesNotFitIsRefusedBeforeItTakesAnything) {
  for (const uint64_t option : {uint64_t{0}, 40 * kMiB}) {  // what the device says, and less of it by the option
    const auto context = open(option);
    const Device device(make_vulkan_backend(context, op_library()));
    Graph graph;
    const Value large = graph.input("large", {{10 << 20}, DType::f32}),
                small = graph.input("small", {{1 << 20}, DType::f32});
    const Value other = graph.input("other", {{3 << 20}, DType::f32});
    const Value y = sum(large) + sum(small) + sum(other);
    const auto session = device.open(graph);
    const int before = TwoHeaps::get().allocations;
    const Error error = error_of([&] { (void)session->compile({.targets = {y}}); });
    EXPECT_EQ(error.code(), ErrorCode::out_of_memory) << error.what();
    EXPECT_EQ(TwoHeaps::get().allocations, before);
    EXPECT_TRUE(has(error.what(), "the largest tensors: 'large' f32[10485760] (41943040 bytes), 'other' f32[3145728]"))
        << error.what();
    // What fits works in the same session.
    Graph fitting(graph.state());
    const Value z = sum(fitting.constant({4}, std::vector<float>{1, 2, 3, 4}));
    const auto program = session->compile({.targets = {z}});
    ASSERT_EQ(program->run(), Status::ok);
    EXPECT_EQ(program->read_floats(z)[0], 10);
  }
}

}  // namespace
}  // namespace lemnos::embed_tests
