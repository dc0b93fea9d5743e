#include "support.h"

#include <cstdlib>
#include <filesystem>
#include <random>

#include "modules.h"
#include "vulkan/caps.h"
#include "vulkan/result.h"

namespace lemnos::vulkan::testing {

std::shared_ptr<Context> VulkanTest::open(OpenOptions options) {
  if (!options.logger) options.logger = [this](LogLevel, std::string_view message) { logged_.emplace_back(message); };
  if (!options.cache_folder) options.cache_folder = "";
  std::shared_ptr<Context> context = open_device(options);
  watch(context->messages());
  return context;
}

void VulkanTest::TearDown() {
  for (const std::shared_ptr<MessageLog>& log : logs_)
    for (const ValidationMessage& message : log->messages()) ADD_FAILURE() << message.id << ": " << message.text;
}

BareDevice::BareDevice(std::shared_ptr<MessageLog> log) : loader(Loader::open()), log_(std::move(log)) {
  create_instance();
  create_device();
}

// With validation the layer is on here too: adopting must be clean on a device that has nothing else.
void BareDevice::create_instance() {
  const bool validated = validation_from_environment() != Validation::off;
  const char* const layer = "VK_LAYER_KHRONOS_validation";
  const char* const utils = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
  const VkApplicationInfo application{.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_2};
  const VkInstanceCreateInfo info{.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                  .pApplicationInfo = &application,
                                  .enabledLayerCount = validated ? 1u : 0u,
                                  .ppEnabledLayerNames = &layer,
                                  .enabledExtensionCount = validated ? 1u : 0u,
                                  .ppEnabledExtensionNames = &utils};
  check(loader->vk().vkCreateInstance(&info, nullptr, &instance), "bare instance");
  vk = load_instance_table(loader->vk().vkGetInstanceProcAddr, instance);
  if (!validated) return;
  const VkDebugUtilsMessengerCreateInfoEXT messenger = messenger_info(*log_);
  check(vk.vkCreateDebugUtilsMessengerEXT(instance, &messenger, nullptr, &messenger_), "bare messenger");
}

void BareDevice::create_device() {
  uint32_t count = 1;
  check(vk.vkEnumeratePhysicalDevices(instance, &count, &physical), "bare devices");
  // 1.2 on purpose: synchronization2 then comes from its extension, the poorest way that must work.
  api_version = VK_API_VERSION_1_2;
  family = choose_compute_family(vk, physical);
  features = std::make_unique<FeatureChain>(required_features(), api_version);
  extensions = extensions_for(required_features(), api_version);
  const float priority = 1.0f;
  const VkDeviceQueueCreateInfo queue{.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                      .queueFamilyIndex = family,
                                      .queueCount = 1,
                                      .pQueuePriorities = &priority};
  const VkDeviceCreateInfo info{.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                .pNext = features->head(),
                                .queueCreateInfoCount = 1,
                                .pQueueCreateInfos = &queue,
                                .enabledExtensionCount = static_cast<uint32_t>(extensions.size()),
                                .ppEnabledExtensionNames = extensions.data()};
  check(vk.vkCreateDevice(physical, &info, nullptr, &device), "bare device");
  device_vk = load_device_table(vk, device, api_version);
}

BareDevice::~BareDevice() {
  if (device) device_vk.vkDestroyDevice(device, nullptr);
  if (messenger_) vk.vkDestroyDebugUtilsMessengerEXT(instance, messenger_, nullptr);
  if (instance) vk.vkDestroyInstance(instance, nullptr);
}

AdoptInfo BareDevice::adopt_info() const {
  return {.instance = instance,
          .physical_device = physical,
          .device = device,
          .get_instance_proc_addr = loader->vk().vkGetInstanceProcAddr,
          .api_version = api_version,
          .enabled_extensions = extensions,
          .enabled_features = features->head(),
          .compute_queue = {.family = family}};
}

PipelineDesc scale_add_desc(std::span<const uint32_t> spec) {
  return {
      .name = "scale_add", .spirv = spirv_scale_add, .bindings = 2, .push_bytes = sizeof(ScaleAddPush), .spec = spec};
}

PipelineDesc accumulate_desc() { return {.name = "accumulate", .spirv = spirv_accumulate, .bindings = 2}; }

PipelineDesc subgroup_probe_desc(uint32_t required) {
  return {.name = "subgroup_probe", .spirv = spirv_subgroup_probe, .bindings = 1, .required_subgroup_size = required};
}

std::vector<uint32_t> counting(size_t count, uint32_t first) {
  std::vector<uint32_t> words(count);
  for (uint32_t& word : words) word = first++;
  return words;
}

void write_words(Staging& staging, Buffer& buffer, const std::vector<uint32_t>& words) {
  ASSERT_EQ(staging.upload(std::as_bytes(std::span(words)), buffer), Status::ok);
}

std::vector<uint32_t> read_words(Staging& staging, const Buffer& buffer, size_t count) {
  std::vector<uint32_t> words(count);
  EXPECT_EQ(staging.download(buffer, 0, std::as_writable_bytes(std::span(words))), Status::ok);
  return words;
}

void expect_scale_add_works(const std::shared_ptr<Context>& context, uint32_t factor, uint32_t bias) {
  constexpr uint32_t kCount = 1000;
  const auto timeline = std::make_shared<Timeline>(context);
  Staging staging(timeline);
  Buffer x(context, Memory::device, kCount * 4, "x");
  Buffer y(context, Memory::device, kCount * 4, "y");
  write_words(staging, x, counting(kCount));

  const uint32_t spec[] = {32, bias};
  const Pipeline& pipeline = context->pipeline(scale_add_desc(spec));
  DescriptorPool descriptors(context, 1, 2);
  const BufferRange ranges[] = {x.range(), y.range()};
  const VkDescriptorSet set = descriptors.create(pipeline, ranges);
  CommandPool pool(context);
  Recorder recorder = Recorder::begin(*context, pool.create(), Reuse::once);
  const ScaleAddPush push{kCount, factor};
  // The host has waited for whatever used this memory before, but layers from before 1.3.272 do not see a host's wait
  // for a timeline semaphore.
  recorder.barrier();
  recorder.begin_label("scale_add");
  recorder.dispatch(pipeline, set, bytes_of(push), {(kCount + 31) / 32, 1, 1});
  recorder.end_label();
  recorder.end();
  const VkCommandBuffer commands = recorder.commands();
  ASSERT_EQ(timeline->submit({&commands, 1}).status, Status::ok);

  const std::vector<uint32_t> got = read_words(staging, y, kCount);
  for (uint32_t i = 0; i < kCount; ++i) ASSERT_EQ(got[i], factor * i + bias) << "at " << i;
}

TemporaryFolder::TemporaryFolder() {
  std::random_device random;
  path_ = (std::filesystem::temp_directory_path() / ("lemnos_vulkan_" + std::to_string(random()))).string();
  std::filesystem::create_directories(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

ScopedVariable::ScopedVariable(const char* name, const char* value) : name_(name) {
  const char* before = std::getenv(name);
  was_set_ = before != nullptr;
  before_ = before ? before : "";
  value ? setenv(name, value, 1) : unsetenv(name);
}

ScopedVariable::~ScopedVariable() { was_set_ ? setenv(name_.c_str(), before_.c_str(), 1) : unsetenv(name_.c_str()); }

}  // namespace lemnos::vulkan::testing
