#include "app_device.h"

#include <cstring>

#include "vulkan/result.h"

namespace lemnos::embed_tests {

using vulkan::check;

AppDevice::AppDevice(Chain chain)
    : loader_(vulkan::Loader::open()), log_(std::make_shared<vulkan::MessageLog>(Logger{})) {
  create_instance();
  create_device(chain);
  device_vk.vkGetDeviceQueue(device, family, 0, &queue);
  const VkCommandPoolCreateInfo info{.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, .queueFamilyIndex = family};
  check(device_vk.vkCreateCommandPool(device, &info, nullptr, &pool_), "app: command pool");
  const VkPipelineCacheCreateInfo cache{.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
  check(device_vk.vkCreatePipelineCache(device, &cache, nullptr, &cache_), "app: pipeline cache");
}

void AppDevice::create_instance() {
  const vulkan::Validation validation = vulkan::validation_from_environment();
  const bool validated = validation != vulkan::Validation::off;
  if (validation == vulkan::Validation::gpu) (void)vulkan::Instance::create({});  // throws where the layer is too old
  const char* const layer = "VK_LAYER_KHRONOS_validation";
  const char* const utils = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
  const VkApplicationInfo application{.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_2};
  const VkInstanceCreateInfo info{.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                  .pApplicationInfo = &application,
                                  .enabledLayerCount = validated ? 1u : 0u,
                                  .ppEnabledLayerNames = &layer,
                                  .enabledExtensionCount = validated ? 1u : 0u,
                                  .ppEnabledExtensionNames = &utils};
  check(loader_->vk().vkCreateInstance(&info, nullptr, &instance), "app: instance");
  vk = vulkan::load_instance_table(loader_->vk().vkGetInstanceProcAddr, instance);
  if (!validated) return;
  const VkDebugUtilsMessengerCreateInfoEXT messenger = vulkan::messenger_info(*log_);
  check(vk.vkCreateDebugUtilsMessengerEXT(instance, &messenger, nullptr, &messenger_), "app: messenger");
}

void AppDevice::create_device(Chain chain) {
  uint32_t count = 1;
  check(vk.vkEnumeratePhysicalDevices(instance, &count, &physical), "app: devices");
  requirements_ = std::make_unique<VulkanRequirements>(
      required_vulkan(instance, physical, loader_->vk().vkGetInstanceProcAddr, VK_API_VERSION_1_2, false));
  ASSERT_EQ(requirements_->refusal(), "");
  family = requirements_->compute_family();
  enabled_ = requirements_->features();
  if (chain == Chain::theirs) {
    own12_ = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, .pNext = &own_sync_};
    own_sync_ = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SYNCHRONIZATION_2_FEATURES};
    own_chain_ = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &own12_};
    ASSERT_TRUE(requirements_->enable_in(own_chain_).empty());
    VkPhysicalDeviceFeatures2 has{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
    vk.vkGetPhysicalDeviceFeatures2(physical, &has);
    own_chain_.features.pipelineStatisticsQuery = has.features.pipelineStatisticsQuery;
    enabled_ = &own_chain_;
  }
  const float priority = 1.0f;
  const VkDeviceQueueCreateInfo queues{.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                       .queueFamilyIndex = family,
                                       .queueCount = 1,
                                       .pQueuePriorities = &priority};
  const std::vector<const char*>& extensions = requirements_->extensions();
  const VkDeviceCreateInfo info{.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                .pNext = enabled_,
                                .queueCreateInfoCount = 1,
                                .pQueueCreateInfos = &queues,
                                .enabledExtensionCount = static_cast<uint32_t>(extensions.size()),
                                .ppEnabledExtensionNames = extensions.data()};
  check(vk.vkCreateDevice(physical, &info, nullptr, &device), "app: device");
  device_vk = vulkan::load_device_table(vk, device, VK_API_VERSION_1_2);
}

AppDevice::~AppDevice() {
  adopted_.reset();
  if (device) {
    device_vk.vkDeviceWaitIdle(device);
    for (const Mapped& b : buffers_) {
      device_vk.vkDestroyBuffer(device, b.buffer, nullptr);
      device_vk.vkFreeMemory(device, b.memory, nullptr);
    }
    for (VkSemaphore s : semaphores_) device_vk.vkDestroySemaphore(device, s, nullptr);
    device_vk.vkDestroyPipelineCache(device, cache_, nullptr);
    device_vk.vkDestroyCommandPool(device, pool_, nullptr);
    device_vk.vkDestroyDevice(device, nullptr);
  }
  if (messenger_) vk.vkDestroyDebugUtilsMessengerEXT(instance, messenger_, nullptr);
  if (instance) vk.vkDestroyInstance(instance, nullptr);
}

VulkanDevice AppDevice::description() {
  return {.instance = instance,
          .physical_device = physical,
          .device = device,
          .get_instance_proc_addr = loader_->vk().vkGetInstanceProcAddr,
          .api_version = VK_API_VERSION_1_2,
          .enabled_extensions = requirements_->extensions(),
          .enabled_features = enabled_,
          .compute_queue = {.handle = queue, .family = family, .index = 0},
          .lock_queue =
              [this](const VulkanQueue&) {
                queue_mutex.lock();
                queue_holder = std::this_thread::get_id();
              },
          .unlock_queue =
              [this](const VulkanQueue&) {
                queue_holder = {};
                queue_mutex.unlock();
              },
          .pipeline_cache = cache_};
}

AppDevice::Mapped AppDevice::make_buffer(VkDeviceSize bytes, VkMemoryPropertyFlags properties) {
  Mapped made{};
  const VkBufferCreateInfo info{.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                .size = bytes,
                                .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                         VK_BUFFER_USAGE_TRANSFER_DST_BIT};
  check(device_vk.vkCreateBuffer(device, &info, nullptr, &made.buffer), "app: buffer");
  VkMemoryRequirements needs;
  device_vk.vkGetBufferMemoryRequirements(device, made.buffer, &needs);
  VkPhysicalDeviceMemoryProperties memory;
  vk.vkGetPhysicalDeviceMemoryProperties(physical, &memory);
  uint32_t type = 0;
  while (!(needs.memoryTypeBits & 1u << type) || (memory.memoryTypes[type].propertyFlags & properties) != properties)
    ++type;
  const VkMemoryAllocateInfo allocate{
      .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size, .memoryTypeIndex = type};
  check(device_vk.vkAllocateMemory(device, &allocate, nullptr, &made.memory), "app: memory");
  check(device_vk.vkBindBufferMemory(device, made.buffer, made.memory, 0), "app: bind");
  buffers_.push_back(made);
  return made;
}

VkBuffer AppDevice::buffer(VkDeviceSize bytes) { return make_buffer(bytes, 0).buffer; }

std::optional<uint64_t> AppDevice::invocations(const std::function<void(VkCommandBuffer)>& record) {
  if (!own_chain_.features.pipelineStatisticsQuery) return {};
  const auto call = [&](const char* name) { return vk.vkGetDeviceProcAddr(device, name); };
  const auto begin_query = reinterpret_cast<PFN_vkCmdBeginQuery>(call("vkCmdBeginQuery"));
  const auto end_query = reinterpret_cast<PFN_vkCmdEndQuery>(call("vkCmdEndQuery"));
  const VkQueryPoolCreateInfo info{.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                   .queryType = VK_QUERY_TYPE_PIPELINE_STATISTICS,
                                   .queryCount = 1,
                                   .pipelineStatistics = VK_QUERY_PIPELINE_STATISTIC_COMPUTE_SHADER_INVOCATIONS_BIT};
  VkQueryPool pool = VK_NULL_HANDLE;
  check(device_vk.vkCreateQueryPool(device, &info, nullptr, &pool), "app: query pool");
  const VkCommandBuffer commands = begin();
  device_vk.vkCmdResetQueryPool(commands, pool, 0, 1);
  begin_query(commands, pool, 0, 0);
  record(commands);
  end_query(commands, pool, 0);
  end_and_submit(commands);
  wait_idle();
  uint64_t count = 0;
  check(device_vk.vkGetQueryPoolResults(device, pool, 0, 1, sizeof count, &count, sizeof count,
                                        VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
        "app: statistics");
  device_vk.vkDestroyQueryPool(device, pool, nullptr);
  return count;
}

VkCommandBuffer AppDevice::begin() {
  const VkCommandBufferAllocateInfo info{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                         .commandPool = pool_,
                                         .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                         .commandBufferCount = 1};
  VkCommandBuffer commands = VK_NULL_HANDLE;
  check(device_vk.vkAllocateCommandBuffers(device, &info, &commands), "app: command buffer");
  const VkCommandBufferBeginInfo begin{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                       .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
  check(device_vk.vkBeginCommandBuffer(commands, &begin), "app: begin");
  return commands;
}

void AppDevice::end_and_submit(VkCommandBuffer commands, VkSemaphore wait, uint64_t wait_value, VkSemaphore signal,
                               uint64_t signal_value) {
  check(device_vk.vkEndCommandBuffer(commands), "app: end");
  const VkCommandBufferSubmitInfo buffer{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO,
                                         .commandBuffer = commands};
  const auto point = [](VkSemaphore semaphore, uint64_t value) {
    return VkSemaphoreSubmitInfo{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
                                 .semaphore = semaphore,
                                 .value = value,
                                 .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT};
  };
  const VkSemaphoreSubmitInfo before = point(wait, wait_value), after = point(signal, signal_value);
  const VkSubmitInfo2 info{.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
                           .waitSemaphoreInfoCount = wait ? 1u : 0u,
                           .pWaitSemaphoreInfos = &before,
                           .commandBufferInfoCount = 1,
                           .pCommandBufferInfos = &buffer,
                           .signalSemaphoreInfoCount = signal ? 1u : 0u,
                           .pSignalSemaphoreInfos = &after};
  const std::lock_guard lock(queue_mutex);
  check(device_vk.vkQueueSubmit2(queue, 1, &info, VK_NULL_HANDLE), "app: submit");
}

void AppDevice::wait_idle() {
  const std::lock_guard lock(queue_mutex);
  check(device_vk.vkDeviceWaitIdle(device), "app: wait");
}

VkSemaphore AppDevice::timeline() {
  const VkSemaphoreTypeCreateInfo type{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                       .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
  const VkSemaphoreCreateInfo info{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
  VkSemaphore semaphore = VK_NULL_HANDLE;
  check(device_vk.vkCreateSemaphore(device, &info, nullptr, &semaphore), "app: semaphore");
  semaphores_.push_back(semaphore);
  return semaphore;
}

void AppDevice::signal(VkSemaphore semaphore, uint64_t value) {
  const VkSemaphoreSignalInfo info{
      .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = semaphore, .value = value};
  check(device_vk.vkSignalSemaphore(device, &info), "app: signal");
}

uint64_t AppDevice::value_of(VkSemaphore semaphore) {
  uint64_t value = 0;
  check(device_vk.vkGetSemaphoreCounterValue(device, semaphore, &value), "app: semaphore value");
  return value;
}

void AppDevice::barrier(VkCommandBuffer commands, const VulkanScope& from, const VulkanScope& to) {
  const VkMemoryBarrier2 barrier{.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,
                                 .srcStageMask = from.stages,
                                 .srcAccessMask = from.accesses,
                                 .dstStageMask = to.stages,
                                 .dstAccessMask = to.accesses};
  const VkDependencyInfo info{
      .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO, .memoryBarrierCount = 1, .pMemoryBarriers = &barrier};
  device_vk.vkCmdPipelineBarrier2(commands, &info);
}

void AppDevice::copy(VkBuffer from, VkDeviceSize from_offset, VkBuffer to, VkDeviceSize to_offset, VkDeviceSize bytes) {
  const VkCommandBuffer commands = begin();
  const VulkanScope everything{VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
                               VK_ACCESS_2_MEMORY_WRITE_BIT | VK_ACCESS_2_MEMORY_READ_BIT};
  barrier(commands, everything, everything);
  const VkBufferCopy region{from_offset, to_offset, bytes};
  device_vk.vkCmdCopyBuffer(commands, from, to, 1, &region);
  barrier(commands, everything,
          {VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_2_HOST_BIT,
           VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_HOST_READ_BIT});
  end_and_submit(commands);
  wait_idle();
}

std::vector<float> AppDevice::floats(const VulkanBuffer& from) {
  const Mapped host =
      make_buffer(from.size, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
  copy(from.buffer, from.offset, host.buffer, 0, from.size);
  std::vector<float> values(from.size / sizeof(float));
  void* mapped = nullptr;
  check(device_vk.vkMapMemory(device, host.memory, 0, VK_WHOLE_SIZE, 0, &mapped), "app: map");
  std::memcpy(values.data(), mapped, values.size() * sizeof(float));
  device_vk.vkUnmapMemory(device, host.memory);
  return values;
}

void AppDevice::write(VkBuffer to, VkDeviceSize offset, const std::vector<float>& values) {
  const Mapped host = make_buffer(values.size() * sizeof(float),
                                  VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
  void* mapped = nullptr;
  check(device_vk.vkMapMemory(device, host.memory, 0, VK_WHOLE_SIZE, 0, &mapped), "app: map");
  std::memcpy(mapped, values.data(), values.size() * sizeof(float));
  device_vk.vkUnmapMemory(device, host.memory);
  copy(host.buffer, 0, to, offset, values.size() * sizeof(float));
}

std::vector<std::string> AppDevice::take_messages() {
  const auto all = log_->messages();
  std::vector<std::string> texts;
  for (; messages_seen_ < all.size(); ++messages_seen_)
    texts.push_back(all[messages_seen_].id + ": " + all[messages_seen_].text);
  return texts;
}

namespace {

class SharedApp : public ::testing::Environment {
 public:
  AppDevice& get() {
    if (!app_) app_ = std::make_unique<AppDevice>();
    return *app_;
  }
  void TearDown() override {
    if (!app_) return;
    app_->wait_idle();
    EXPECT_EQ(app_->take_messages(), std::vector<std::string>{});
    app_.reset();
  }

 private:
  std::unique_ptr<AppDevice> app_;
};

SharedApp& shared_app() {
  static auto* environment = static_cast<SharedApp*>(::testing::AddGlobalTestEnvironment(new SharedApp));
  return *environment;
}
// gtest runs those environments that are there before its tests begin.
[[maybe_unused]] const SharedApp& kRegistered = shared_app();

}  // namespace

AppDevice& EmbedTest::app() { return shared_app().get(); }

}  // namespace lemnos::embed_tests
