#include "swapchain.h"

#include <algorithm>
#include <stdexcept>

#include "vk_check.h"

namespace {

// A format without conversion, as in the PNG files.
VkSurfaceFormatKHR format_of(VkPhysicalDevice physical, VkSurfaceKHR surface) {
  uint32_t count = 0;
  vk_check(vkGetPhysicalDeviceSurfaceFormatsKHR(physical, surface, &count, nullptr), "surface formats");
  std::vector<VkSurfaceFormatKHR> formats(count);
  vk_check(vkGetPhysicalDeviceSurfaceFormatsKHR(physical, surface, &count, formats.data()), "surface formats");
  const auto plain = std::ranges::find_if(formats, [](const VkSurfaceFormatKHR& f) {
    return f.format == VK_FORMAT_B8G8R8A8_UNORM || f.format == VK_FORMAT_R8G8B8A8_UNORM;
  });
  return plain == formats.end() ? formats.at(0) : *plain;
}

// A frame should not wait for the display, because it is timed.
VkPresentModeKHR mode_of(VkPhysicalDevice physical, VkSurfaceKHR surface) {
  VkPresentModeKHR modes[16];
  uint32_t count = 16;
  vkGetPhysicalDeviceSurfacePresentModesKHR(physical, surface, &count, modes);
  VkPresentModeKHR* const end = modes + count;
  return std::find(modes, end, VK_PRESENT_MODE_MAILBOX_KHR) != end ? VK_PRESENT_MODE_MAILBOX_KHR
                                                                   : VK_PRESENT_MODE_FIFO_KHR;
}

void change_layout(VkCommandBuffer commands, VkImage image, VkImageLayout from, VkAccessFlags2 writes, VkImageLayout to,
                   VkAccessFlags2 accesses) {
  const VkImageMemoryBarrier2 change{.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2,
                                     .srcStageMask = VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT,
                                     .srcAccessMask = writes,
                                     .dstStageMask = VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT,
                                     .dstAccessMask = accesses,
                                     .oldLayout = from,
                                     .newLayout = to,
                                     .image = image,
                                     .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
  const VkDependencyInfo info{
      .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO, .imageMemoryBarrierCount = 1, .pImageMemoryBarriers = &change};
  vkCmdPipelineBarrier2(commands, &info);
}

}  // namespace

Swapchain::Swapchain(const Window& window, VkInstance instance, VkPhysicalDevice physical, VkDevice device,
                     uint32_t family)
    : window_(window), instance_(instance), physical_(physical), device_(device), surface_(window.surface(instance)) {
  VkBool32 can_present = VK_FALSE;
  vk_check(vkGetPhysicalDeviceSurfaceSupportKHR(physical, family, surface_, &can_present), "surface support");
  if (!can_present) {
    vkDestroySurfaceKHR(instance_, surface_, nullptr);
    throw std::runtime_error("the queue that draws cannot present to this window");
  }
  const VkSemaphoreCreateInfo semaphore{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
  vk_check(vkCreateSemaphore(device_, &semaphore, nullptr, &taken_), "semaphore");
}

Swapchain::~Swapchain() {
  vkDeviceWaitIdle(device_);
  for (VkSemaphore s : drawn_) vkDestroySemaphore(device_, s, nullptr);
  vkDestroySemaphore(device_, taken_, nullptr);
  vkDestroySwapchainKHR(device_, swapchain_, nullptr);
  vkDestroySurfaceKHR(instance_, surface_, nullptr);
}

bool Swapchain::create() {
  vkDeviceWaitIdle(device_);
  VkSurfaceCapabilitiesKHR can;
  vk_check(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(physical_, surface_, &can), "surface capabilities");
  extent_ = can.currentExtent.width != UINT32_MAX ? can.currentExtent : window_.pixels();
  if (extent_.width == 0 || extent_.height == 0) return false;
  const VkSurfaceFormatKHR format = format_of(physical_, surface_);
  const uint32_t most = can.maxImageCount == 0 ? UINT32_MAX : can.maxImageCount;
  const VkSwapchainCreateInfoKHR info{.sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
                                      .surface = surface_,
                                      .minImageCount = std::min(can.minImageCount + 1, most),
                                      .imageFormat = format.format,
                                      .imageColorSpace = format.colorSpace,
                                      .imageExtent = extent_,
                                      .imageArrayLayers = 1,
                                      .imageUsage = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
                                      .preTransform = can.currentTransform,
                                      .compositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR,
                                      .presentMode = mode_of(physical_, surface_),
                                      .clipped = VK_TRUE,
                                      .oldSwapchain = swapchain_};
  VkSwapchainKHR made = VK_NULL_HANDLE;
  vk_check(vkCreateSwapchainKHR(device_, &info, nullptr, &made), "swapchain");
  vkDestroySwapchainKHR(device_, swapchain_, nullptr);
  swapchain_ = made;
  stale_ = false;

  uint32_t count = 0;
  vk_check(vkGetSwapchainImagesKHR(device_, swapchain_, &count, nullptr), "swapchain images");
  images_.resize(count);
  vk_check(vkGetSwapchainImagesKHR(device_, swapchain_, &count, images_.data()), "swapchain images");
  for (VkSemaphore s : drawn_) vkDestroySemaphore(device_, s, nullptr);
  drawn_.assign(count, VK_NULL_HANDLE);
  const VkSemaphoreCreateInfo semaphore{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
  for (VkSemaphore& s : drawn_) vk_check(vkCreateSemaphore(device_, &semaphore, nullptr, &s), "semaphore");
  return true;
}

bool Swapchain::take() {
  if (stale_ && !create()) return false;
  VkResult result = vkAcquireNextImageKHR(device_, swapchain_, UINT64_MAX, taken_, VK_NULL_HANDLE, &image_);
  if (result == VK_ERROR_OUT_OF_DATE_KHR) {
    if (!create()) return false;
    result = vkAcquireNextImageKHR(device_, swapchain_, UINT64_MAX, taken_, VK_NULL_HANDLE, &image_);
  }
  stale_ = result == VK_SUBOPTIMAL_KHR || result == VK_ERROR_OUT_OF_DATE_KHR;
  if (result == VK_ERROR_OUT_OF_DATE_KHR) return false;  // resized: the next frame recreates it
  if (result != VK_SUBOPTIMAL_KHR) vk_check(result, "next image");
  return true;
}

bool Swapchain::append(VkCommandBuffer commands, VkImage scene, VkExtent2D extent) {
  if (!take()) return false;
  VkImage image = images_[image_];
  change_layout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, 0, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                VK_ACCESS_2_TRANSFER_WRITE_BIT);
  const auto corner = [](VkExtent2D e) {
    return VkOffset3D{static_cast<int32_t>(e.width), static_cast<int32_t>(e.height), 1};
  };
  const VkImageSubresourceLayers colour{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
  const VkImageBlit region{.srcSubresource = colour,
                           .srcOffsets = {{0, 0, 0}, corner(extent)},
                           .dstSubresource = colour,
                           .dstOffsets = {{0, 0, 0}, corner(extent_)}};
  vkCmdBlitImage(commands, scene, VK_IMAGE_LAYOUT_GENERAL, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region,
                 VK_FILTER_LINEAR);
  change_layout(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_ACCESS_2_TRANSFER_WRITE_BIT,
                VK_IMAGE_LAYOUT_PRESENT_SRC_KHR, 0);
  return true;
}

void Swapchain::present(VkQueue queue) {
  const VkPresentInfoKHR info{.sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
                              .waitSemaphoreCount = 1,
                              .pWaitSemaphores = &drawn_[image_],
                              .swapchainCount = 1,
                              .pSwapchains = &swapchain_,
                              .pImageIndices = &image_};
  const VkResult result = vkQueuePresentKHR(queue, &info);
  if (result == VK_SUBOPTIMAL_KHR || result == VK_ERROR_OUT_OF_DATE_KHR)
    stale_ = true;
  else
    vk_check(result, "present");
}
