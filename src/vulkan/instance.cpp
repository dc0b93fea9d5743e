#include "vulkan/instance.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "vulkan/caps.h"
#include "vulkan/result.h"

namespace lemnos::vulkan {

namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

std::vector<std::string> instance_extensions(const GlobalTable& vk, const char* layer) {
  uint32_t count = 0;
  std::vector<std::string> names;
  if (vk.vkEnumerateInstanceExtensionProperties(layer, &count, nullptr) < 0) return names;
  std::vector<VkExtensionProperties> properties(count);
  vk.vkEnumerateInstanceExtensionProperties(layer, &count, properties.data());
  for (const VkExtensionProperties& p : properties) names.emplace_back(p.extensionName);
  return names;
}

bool has_layer(const GlobalTable& vk, const char* name) {
  uint32_t count = 0;
  vk.vkEnumerateInstanceLayerProperties(&count, nullptr);
  std::vector<VkLayerProperties> layers(count);
  vk.vkEnumerateInstanceLayerProperties(&count, layers.data());
  return std::ranges::any_of(layers, [&](const VkLayerProperties& l) { return std::strcmp(l.layerName, name) == 0; });
}

bool contains(const std::vector<std::string>& names, const char* name) {
  return std::ranges::find(names, name) != names.end();
}

// Synchronization and GPU-assisted validation are switched on in the words that the installed layer understands:
// settings since 1.3.272, the older extension before.
class ValidationSwitches {
 public:
  ValidationSwitches(Validation validation, const std::vector<std::string>& layer_extensions,
                     std::vector<const char*>& extensions) {
    if (validation != Validation::sync && validation != Validation::gpu) return;
#ifdef VK_EXT_layer_settings
    if (contains(layer_extensions, VK_EXT_LAYER_SETTINGS_EXTENSION_NAME)) {
      extensions.push_back(VK_EXT_LAYER_SETTINGS_EXTENSION_NAME);
      settings_.pSettings = validation == Validation::gpu ? gpu_values_ : sync_values_;
      head_ = &settings_;
      return;
    }
#endif
    // Seen of 1.3.239: it waits ten seconds for each timeline semaphore, and finds nothing.
    require(validation != Validation::gpu, ErrorCode::unsupported,
            "validation: GPU-assisted validation needs layers of 1.3.272 or newer");
    if (contains(layer_extensions, VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME)) {
      extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
      head_ = &features_;
    }
  }
  ValidationSwitches(const ValidationSwitches&) = delete;
  ValidationSwitches& operator=(const ValidationSwitches&) = delete;
  const void* head() const { return head_; }

 private:
  static constexpr VkValidationFeatureEnableEXT kSync = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
  VkValidationFeaturesEXT features_{.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
                                    .enabledValidationFeatureCount = 1,
                                    .pEnabledValidationFeatures = &kSync};
#ifdef VK_EXT_layer_settings
  static VkLayerSettingEXT setting(const char* name, const VkBool32& value) {
    return {kValidationLayer, name, VK_LAYER_SETTING_TYPE_BOOL32_EXT, 1, &value};
  }
  static constexpr VkBool32 kOn = VK_TRUE, kOff = VK_FALSE;
  // Without the heuristic the newer layers do not look at hazards between dispatches at all.
  const VkLayerSettingEXT sync_values_[2] = {setting("validate_sync", kOn),
                                             setting("syncval_shader_accesses_heuristic", kOn)};
  // Both at once take several times as long as one after the other.
  const VkLayerSettingEXT gpu_values_[2] = {setting("gpuav_enable", kOn), setting("validate_core", kOff)};
  VkLayerSettingsCreateInfoEXT settings_{.sType = VK_STRUCTURE_TYPE_LAYER_SETTINGS_CREATE_INFO_EXT, .settingCount = 2};
#endif
  const void* head_ = nullptr;
};

}  // namespace

Validation validation_from_environment() {
  const char* wanted = std::getenv("LEMNOS_VALIDATION");
  const std::string word = wanted ? wanted : "";
  if (word.empty() || word == "0" || word == "off") return Validation::off;
  if (word == "1" || word == "core") return Validation::core;
  if (word == "sync") return Validation::sync;
  if (word == "gpu") return Validation::gpu;
  fail(ErrorCode::invalid_argument, "LEMNOS_VALIDATION: '", word, "' is unknown; it takes 0, 1, sync or gpu");
}

std::shared_ptr<Instance> Instance::create(const InstanceOptions& options) {
  std::shared_ptr<Instance> instance(new Instance);
  instance->loader_ = Loader::open();
  instance->logger_ = options.logger ? options.logger : default_logger();
  instance->messages_ = std::make_shared<MessageLog>(instance->logger_);
  instance->validation_ = options.validation ? *options.validation : validation_from_environment();
  const uint32_t offered = instance->loader_->api_version();
  require(offered >= VK_API_VERSION_1_2, ErrorCode::no_device, "no Vulkan device: the loader has Vulkan ",
          VK_API_VERSION_MAJOR(offered), ".", VK_API_VERSION_MINOR(offered), ", and 1.2 is needed");
  instance->api_version_ = offered >= VK_API_VERSION_1_3 ? VK_API_VERSION_1_3 : VK_API_VERSION_1_2;
  instance->create_handle();
  instance->table_ = load_instance_table(instance->loader_->vk().vkGetInstanceProcAddr, instance->instance_);
  instance->create_messenger();
  return instance;
}

void Instance::create_handle() {
  const GlobalTable& vk = loader_->vk();
  const std::vector<std::string> offered = instance_extensions(vk, nullptr);
  std::vector<const char*> extensions, layers;
  std::vector<std::string> layer_extensions;
  if (validation_ != Validation::off) {
    require(has_layer(vk, kValidationLayer), ErrorCode::unsupported, "validation: ", kValidationLayer,
            " is not installed");
    layers.push_back(kValidationLayer);
    layer_extensions = instance_extensions(vk, kValidationLayer);
  }
  if (contains(offered, VK_EXT_DEBUG_UTILS_EXTENSION_NAME) ||
      contains(layer_extensions, VK_EXT_DEBUG_UTILS_EXTENSION_NAME))
    extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
  VkInstanceCreateFlags flags = 0;
  if (contains(offered, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME)) {
    extensions.push_back(VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
    flags |= VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
  }
  const ValidationSwitches switches(validation_, layer_extensions, extensions);
  const VkApplicationInfo application{.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                      .pApplicationName = "lemnos",
                                      .pEngineName = "lemnos",
                                      .apiVersion = api_version_};
  const VkInstanceCreateInfo info{.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                  .pNext = switches.head(),
                                  .flags = flags,
                                  .pApplicationInfo = &application,
                                  .enabledLayerCount = static_cast<uint32_t>(layers.size()),
                                  .ppEnabledLayerNames = layers.data(),
                                  .enabledExtensionCount = static_cast<uint32_t>(extensions.size()),
                                  .ppEnabledExtensionNames = extensions.data()};
  check(vk.vkCreateInstance(&info, nullptr, &instance_), "no Vulkan device: the instance could not be created");
}

void Instance::create_messenger() {
  if (validation_ == Validation::off || !table_.vkCreateDebugUtilsMessengerEXT) return;
  const VkDebugUtilsMessengerCreateInfoEXT info = messenger_info(*messages_);
  check(table_.vkCreateDebugUtilsMessengerEXT(instance_, &info, nullptr, &messenger_), "validation: no messenger");
}

Instance::~Instance() {
  if (messenger_) table_.vkDestroyDebugUtilsMessengerEXT(instance_, messenger_, nullptr);
  if (instance_ && table_.vkDestroyInstance) table_.vkDestroyInstance(instance_, nullptr);
}

std::vector<VkPhysicalDevice> Instance::physical_devices() const {
  std::vector<VkPhysicalDevice> devices;
  uint32_t count = 0;
  VkResult result = VK_INCOMPLETE;
  while (result == VK_INCOMPLETE) {
    if (table_.vkEnumeratePhysicalDevices(instance_, &count, nullptr) < 0) return {};  // a loader without a driver
    devices.resize(count);
    result = table_.vkEnumeratePhysicalDevices(instance_, &count, devices.data());
  }
  devices.resize(result < 0 ? 0 : count);
  return devices;
}

std::vector<DeviceInfo> Instance::list_devices() const {
  std::vector<DeviceInfo> list;
  for (VkPhysicalDevice device : physical_devices()) list.push_back(read_info(table_, device));
  return list;
}

std::vector<DeviceInfo> list_devices(const InstanceOptions& options) {
  try {
    return Instance::create(options)->list_devices();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::no_device) throw;
    (options.logger ? options.logger : default_logger())(LogLevel::info, error.what());
    return {};
  }
}

}  // namespace lemnos::vulkan
