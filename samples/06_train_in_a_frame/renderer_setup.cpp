// The renderer's device, memory and pipelines: an application without Lemnos.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>

#include "modules.h"
#include "renderer.h"
#include "vk_check.h"

Renderer::Renderer(const Window* window) {
  create_instance(window);
  create_device(window != nullptr);
  if (window) swapchain_.emplace(*window, instance_, physical_, device_, family_);
  const VkCommandPoolCreateInfo pool{.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                     .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                     .queueFamilyIndex = family_};
  vk_check(vkCreateCommandPool(device_, &pool, nullptr, &pool_), "command pool");
  const VkCommandBufferAllocateInfo commands{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                             .commandPool = pool_,
                                             .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                             .commandBufferCount = 1};
  vk_check(vkAllocateCommandBuffers(device_, &commands, &commands_), "command buffer");
  const VkFenceCreateInfo fence{.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
  vk_check(vkCreateFence(device_, &fence, nullptr, &done_), "fence");

  constexpr VkImageUsageFlags kTarget = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
  texture_ = image({kTexture, kTexture}, VK_FORMAT_R8G8B8A8_UNORM, kTarget | VK_IMAGE_USAGE_SAMPLED_BIT);
  learned_ = image({kTexture, kTexture}, VK_FORMAT_R8G8B8A8_UNORM, kTarget);
  colour_ = image({2 * kView, kView}, VK_FORMAT_R8G8B8A8_UNORM, kTarget);
  depth_ = image({2 * kView, kView}, VK_FORMAT_D16_UNORM, VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT);
  texels_ = buffer(VkDeviceSize{4} * kTexture * kTexture, false);
  readback_ = buffer(VkDeviceSize{4} * 2 * kView * std::max(kView, kTexture), true);
  create_descriptors();
  create_pipelines();
  bake_texture();
}

Renderer::~Renderer() {
  vkDeviceWaitIdle(device_);
  swapchain_.reset();
  for (VkPipeline p : {procedural_, truth_, neural_, flat_}) vkDestroyPipeline(device_, p, nullptr);
  for (const Image& i : {texture_, learned_, colour_, depth_}) {
    vkDestroyImageView(device_, i.view, nullptr);
    vkDestroyImage(device_, i.image, nullptr);
    vkFreeMemory(device_, i.memory, nullptr);
  }
  for (const Buffer& b : {texels_, readback_}) {
    vkDestroyBuffer(device_, b.buffer, nullptr);
    vkFreeMemory(device_, b.memory, nullptr);
  }
  vkDestroySampler(device_, sampler_, nullptr);
  vkDestroyPipelineLayout(device_, layout_, nullptr);
  vkDestroyDescriptorPool(device_, descriptors_, nullptr);
  vkDestroyDescriptorSetLayout(device_, set_layout_, nullptr);
  vkDestroyFence(device_, done_, nullptr);
  vkDestroyCommandPool(device_, pool_, nullptr);
  vkDestroyDevice(device_, nullptr);
  vkDestroyInstance(instance_, nullptr);
}

void Renderer::create_instance(const Window* window) {
  std::vector<const char*> extensions;
  if (window) extensions = window->instance_extensions();
  const VkApplicationInfo about{.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_3};
  const VkInstanceCreateInfo instance{.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                      .pApplicationInfo = &about,
                                      .enabledExtensionCount = static_cast<uint32_t>(extensions.size()),
                                      .ppEnabledExtensionNames = extensions.data()};
  vk_check(vkCreateInstance(&instance, nullptr, &instance_), "instance");
  uint32_t count = 1;
  vkEnumeratePhysicalDevices(instance_, &count, &physical_);
  if (count == 0) throw std::runtime_error("no Vulkan device");
}

void Renderer::create_device(bool presents) {
  // The features that the renderer needs, in its own chain ...
  features_.pNext = &features11_;
  features11_.pNext = &features12_;
  features12_.pNext = &features13_;
  features13_.dynamicRendering = VK_TRUE;
  // ... and the features for Lemnos, enabled in the same chain.
  const lemnos::VulkanRequirements needs =
      lemnos::required_vulkan(instance_, physical_, vkGetInstanceProcAddr, VK_API_VERSION_1_3);
  if (!needs.refusal().empty()) throw std::runtime_error(needs.refusal());
  needs.enable_in(features_);
  extensions_ = needs.extensions();
  if (presents) extensions_.push_back(VK_KHR_SWAPCHAIN_EXTENSION_NAME);

  family_ = needs.compute_family();
  std::vector<VkQueueFamilyProperties> families(16);
  uint32_t family_count = 16;
  vkGetPhysicalDeviceQueueFamilyProperties(physical_, &family_count, families.data());
  for (uint32_t i = 0; i < family_count; ++i) {
    constexpr VkQueueFlags kBoth = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
    if ((families[i].queueFlags & kBoth) == kBoth) family_ = i;  // one queue for drawing and for training
  }
  const float priority = 1;
  const VkDeviceQueueCreateInfo queue{.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                      .queueFamilyIndex = family_,
                                      .queueCount = 1,
                                      .pQueuePriorities = &priority};
  const VkDeviceCreateInfo device{.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                  .pNext = &features_,
                                  .queueCreateInfoCount = 1,
                                  .pQueueCreateInfos = &queue,
                                  .enabledExtensionCount = static_cast<uint32_t>(extensions_.size()),
                                  .ppEnabledExtensionNames = extensions_.data()};
  vk_check(vkCreateDevice(physical_, &device, nullptr, &device_), "device");
  vkGetDeviceQueue(device_, family_, 0, &queue_);
}

lemnos::VulkanDevice Renderer::description() const {
  return {.instance = instance_,
          .physical_device = physical_,
          .device = device_,
          .get_instance_proc_addr = vkGetInstanceProcAddr,
          .api_version = VK_API_VERSION_1_3,
          .enabled_extensions = extensions_,
          .enabled_features = &features_,
          .compute_queue = {.handle = queue_, .family = family_, .index = 0}};
}

VkDeviceMemory Renderer::allocate(const VkMemoryRequirements& needs, VkMemoryPropertyFlags properties) const {
  VkPhysicalDeviceMemoryProperties memory;
  vkGetPhysicalDeviceMemoryProperties(physical_, &memory);
  for (uint32_t type = 0; type < memory.memoryTypeCount; ++type) {
    if (!(needs.memoryTypeBits & 1u << type)) continue;
    if ((memory.memoryTypes[type].propertyFlags & properties) != properties) continue;
    const VkMemoryAllocateInfo info{
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size, .memoryTypeIndex = type};
    VkDeviceMemory made = VK_NULL_HANDLE;
    vk_check(vkAllocateMemory(device_, &info, nullptr, &made), "memory");
    return made;
  }
  throw std::runtime_error("no fitting memory type");
}

Renderer::Image Renderer::image(VkExtent2D extent, VkFormat format, VkImageUsageFlags usage) const {
  Image made{.extent = extent};
  const VkImageCreateInfo info{.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                               .imageType = VK_IMAGE_TYPE_2D,
                               .format = format,
                               .extent = {extent.width, extent.height, 1},
                               .mipLevels = 1,
                               .arrayLayers = 1,
                               .samples = VK_SAMPLE_COUNT_1_BIT,
                               .usage = usage};
  vk_check(vkCreateImage(device_, &info, nullptr, &made.image), "image");
  VkMemoryRequirements needs;
  vkGetImageMemoryRequirements(device_, made.image, &needs);
  made.memory = allocate(needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
  vk_check(vkBindImageMemory(device_, made.image, made.memory, 0), "image memory");
  const bool depth = (usage & VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT) != 0;
  const VkImageAspectFlags aspect = depth ? VK_IMAGE_ASPECT_DEPTH_BIT : VK_IMAGE_ASPECT_COLOR_BIT;
  const VkImageViewCreateInfo view{.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
                                   .image = made.image,
                                   .viewType = VK_IMAGE_VIEW_TYPE_2D,
                                   .format = format,
                                   .subresourceRange = {aspect, 0, 1, 0, 1}};
  vk_check(vkCreateImageView(device_, &view, nullptr, &made.view), "image view");
  return made;
}

// Lemnos needs these usages to import the buffer.
Renderer::Buffer Renderer::buffer(VkDeviceSize size, bool mapped) const {
  Buffer made{.size = size};
  const VkBufferCreateInfo info{.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                .size = size,
                                .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                         VK_BUFFER_USAGE_TRANSFER_DST_BIT};
  vk_check(vkCreateBuffer(device_, &info, nullptr, &made.buffer), "buffer");
  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(device_, made.buffer, &needs);
  made.memory =
      allocate(needs, mapped ? VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT : 0);
  vk_check(vkBindBufferMemory(device_, made.buffer, made.memory, 0), "buffer memory");
  if (!mapped) return made;
  void* at = nullptr;
  vk_check(vkMapMemory(device_, made.memory, 0, VK_WHOLE_SIZE, 0, &at), "map");
  made.mapped = static_cast<const uint8_t*>(at);
  return made;
}

void Renderer::create_descriptors() {
  const VkSamplerCreateInfo sampler{
      .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO, .magFilter = VK_FILTER_LINEAR, .minFilter = VK_FILTER_LINEAR};
  vk_check(vkCreateSampler(device_, &sampler, nullptr, &sampler_), "sampler");
  const VkDescriptorSetLayoutBinding bindings[] = {
      {0, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1, VK_SHADER_STAGE_FRAGMENT_BIT, &sampler_},
      {1, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_FRAGMENT_BIT, nullptr}};
  const VkDescriptorSetLayoutCreateInfo layout{
      .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = 2, .pBindings = bindings};
  vk_check(vkCreateDescriptorSetLayout(device_, &layout, nullptr, &set_layout_), "set layout");
  const VkDescriptorPoolSize sizes[] = {{VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1},
                                        {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1}};
  const VkDescriptorPoolCreateInfo pool{
      .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = 1, .poolSizeCount = 2, .pPoolSizes = sizes};
  vk_check(vkCreateDescriptorPool(device_, &pool, nullptr, &descriptors_), "descriptor pool");
  const VkDescriptorSetAllocateInfo set{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                        .descriptorPool = descriptors_,
                                        .descriptorSetCount = 1,
                                        .pSetLayouts = &set_layout_};
  vk_check(vkAllocateDescriptorSets(device_, &set, &set_), "descriptor set");
  const VkDescriptorImageInfo texture{VK_NULL_HANDLE, texture_.view, VK_IMAGE_LAYOUT_GENERAL};
  const VkWriteDescriptorSet write{.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                   .dstSet = set_,
                                   .dstBinding = 0,
                                   .descriptorCount = 1,
                                   .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
                                   .pImageInfo = &texture};
  vkUpdateDescriptorSets(device_, 1, &write, 0, nullptr);
  read_weights_from(texels());  // until there is a network
  const VkPushConstantRange range{VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof(Draw)};
  const VkPipelineLayoutCreateInfo pipelines{.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                             .setLayoutCount = 1,
                                             .pSetLayouts = &set_layout_,
                                             .pushConstantRangeCount = 1,
                                             .pPushConstantRanges = &range};
  vk_check(vkCreatePipelineLayout(device_, &pipelines, nullptr, &layout_), "pipeline layout");
}

void Renderer::read_weights_from(const lemnos::VulkanBuffer& weights) {
  const VkDescriptorBufferInfo info{weights.buffer, weights.offset, weights.size};
  const VkWriteDescriptorSet write{.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                   .dstSet = set_,
                                   .dstBinding = 1,
                                   .descriptorCount = 1,
                                   .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                   .pBufferInfo = &info};
  vkUpdateDescriptorSets(device_, 1, &write, 0, nullptr);
}

void Renderer::create_pipelines() {
  procedural_ = pipeline(spirv_flat, spirv_procedural, false);
  flat_ = pipeline(spirv_flat, spirv_neural_flat, false);
  truth_ = pipeline(spirv_torus, spirv_truth, true);
  neural_ = pipeline(spirv_torus, spirv_neural, true);
}

VkPipeline Renderer::pipeline(std::span<const uint32_t> vertex, std::span<const uint32_t> fragment, bool deep) const {
  std::array<VkPipelineShaderStageCreateInfo, 2> stages{};
  for (size_t i = 0; i < 2; ++i) {
    const std::span<const uint32_t> code = i == 0 ? vertex : fragment;
    const VkShaderModuleCreateInfo info{
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = code.size_bytes(), .pCode = code.data()};
    stages[i] = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                 .stage = i == 0 ? VK_SHADER_STAGE_VERTEX_BIT : VK_SHADER_STAGE_FRAGMENT_BIT,
                 .pName = "main"};
    vk_check(vkCreateShaderModule(device_, &info, nullptr, &stages[i].module), "shader");
  }
  const VkPipelineVertexInputStateCreateInfo input{.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO};
  const VkPipelineInputAssemblyStateCreateInfo assembly{
      .sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
      .topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST};
  const VkPipelineViewportStateCreateInfo viewport{
      .sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO, .viewportCount = 1, .scissorCount = 1};
  const VkPipelineRasterizationStateCreateInfo raster{
      .sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO, .lineWidth = 1};
  const VkPipelineMultisampleStateCreateInfo samples{.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
                                                     .rasterizationSamples = VK_SAMPLE_COUNT_1_BIT};
  const VkPipelineDepthStencilStateCreateInfo depth{.sType = VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO,
                                                    .depthTestEnable = deep,
                                                    .depthWriteEnable = deep,
                                                    .depthCompareOp = VK_COMPARE_OP_LESS};
  const VkPipelineColorBlendAttachmentState opaque{.colorWriteMask = 0xf};
  const VkPipelineColorBlendStateCreateInfo blend{
      .sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO, .attachmentCount = 1, .pAttachments = &opaque};
  const VkDynamicState changing[] = {VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR};
  const VkPipelineDynamicStateCreateInfo dynamic{.sType = VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO,
                                                 .dynamicStateCount = 2,
                                                 .pDynamicStates = changing};
  const VkFormat format = VK_FORMAT_R8G8B8A8_UNORM;
  const VkPipelineRenderingCreateInfo targets{
      .sType = VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO,
      .colorAttachmentCount = 1,
      .pColorAttachmentFormats = &format,
      .depthAttachmentFormat = deep ? VK_FORMAT_D16_UNORM : VK_FORMAT_UNDEFINED};
  const VkGraphicsPipelineCreateInfo info{.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
                                          .pNext = &targets,
                                          .stageCount = 2,
                                          .pStages = stages.data(),
                                          .pVertexInputState = &input,
                                          .pInputAssemblyState = &assembly,
                                          .pViewportState = &viewport,
                                          .pRasterizationState = &raster,
                                          .pMultisampleState = &samples,
                                          .pDepthStencilState = &depth,
                                          .pColorBlendState = &blend,
                                          .pDynamicState = &dynamic,
                                          .layout = layout_};
  VkPipeline made = VK_NULL_HANDLE;
  vk_check(vkCreateGraphicsPipelines(device_, VK_NULL_HANDLE, 1, &info, nullptr, &made), "pipeline");
  for (const VkPipelineShaderStageCreateInfo& stage : stages) vkDestroyShaderModule(device_, stage.module, nullptr);
  return made;
}
