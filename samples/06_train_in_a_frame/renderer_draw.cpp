// The renderer's commands: a frame, the texture, and reading images back.
#include "renderer.h"
#include "vk_check.h"

namespace {

constexpr uint32_t kTorusVertices = 96 * 48 * 6;  // torus.vert

// Images stay in the general layout, so a barrier concerns only memory.
void barrier(VkCommandBuffer commands, VkPipelineStageFlags2 from, VkAccessFlags2 writes, VkPipelineStageFlags2 to,
             VkAccessFlags2 reads) {
  const VkMemoryBarrier2 memory{.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,
                                .srcStageMask = from,
                                .srcAccessMask = writes,
                                .dstStageMask = to,
                                .dstAccessMask = reads};
  const VkDependencyInfo info{
      .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO, .memoryBarrierCount = 1, .pMemoryBarriers = &memory};
  vkCmdPipelineBarrier2(commands, &info);
}

}  // namespace

VkCommandBuffer Renderer::begin() {
  const VkCommandBufferBeginInfo info{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                      .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
  vk_check(vkBeginCommandBuffer(commands_, &info), "begin");
  return commands_;
}

void Renderer::submit(VkCommandBuffer commands, VkSemaphore taken, VkSemaphore drawn) {
  vk_check(vkEndCommandBuffer(commands), "end");
  const VkCommandBufferSubmitInfo buffer{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO,
                                         .commandBuffer = commands};
  const VkSemaphoreSubmitInfo before{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
                                     .semaphore = taken,
                                     .stageMask = VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT};
  const VkSemaphoreSubmitInfo after{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
                                    .semaphore = drawn,
                                    .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT};
  const VkSubmitInfo2 info{.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
                           .waitSemaphoreInfoCount = taken ? 1u : 0u,
                           .pWaitSemaphoreInfos = &before,
                           .commandBufferInfoCount = 1,
                           .pCommandBufferInfos = &buffer,
                           .signalSemaphoreInfoCount = drawn ? 1u : 0u,
                           .pSignalSemaphoreInfos = &after};
  vk_check(vkQueueSubmit2(queue_, 1, &info, done_), "submit");
  vk_check(vkWaitForFences(device_, 1, &done_, VK_TRUE, UINT64_MAX), "wait");
  vk_check(vkResetFences(device_, 1, &done_), "reset");
}

void Renderer::finish(VkCommandBuffer commands) {
  if (!swapchain_ || !swapchain_->append(commands, colour_.image, colour_.extent)) return submit(commands);
  submit(commands, swapchain_->taken(), swapchain_->drawn());
  swapchain_->present(queue_);
}

void Renderer::begin_rendering(VkCommandBuffer commands, const Image& colour, const Image* depth) const {
  const auto cleared = [](const Image& image, VkClearValue clear) {
    return VkRenderingAttachmentInfo{.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
                                     .imageView = image.view,
                                     .imageLayout = VK_IMAGE_LAYOUT_GENERAL,
                                     .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
                                     .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
                                     .clearValue = clear};
  };
  const VkRenderingAttachmentInfo on_colour = cleared(colour, {.color = {{.09f, .10f, .12f, 1}}});
  const VkRenderingAttachmentInfo on_depth = cleared(depth ? *depth : colour, {.depthStencil = {1, 0}});
  const VkRenderingInfo info{.sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
                             .renderArea = {{0, 0}, colour.extent},
                             .layerCount = 1,
                             .colorAttachmentCount = 1,
                             .pColorAttachments = &on_colour,
                             .pDepthAttachment = depth ? &on_depth : nullptr};
  vkCmdBeginRendering(commands, &info);
}

void Renderer::draw(VkCommandBuffer commands, VkPipeline pipeline, uint32_t vertices, VkOffset2D at, VkExtent2D size,
                    const Draw& numbers) const {
  const VkViewport viewport{static_cast<float>(at.x),
                            static_cast<float>(at.y),
                            static_cast<float>(size.width),
                            static_cast<float>(size.height),
                            0,
                            1};
  const VkRect2D scissor{at, size};
  vkCmdSetViewport(commands, 0, 1, &viewport);
  vkCmdSetScissor(commands, 0, 1, &scissor);
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
  vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, layout_, 0, 1, &set_, 0, nullptr);
  vkCmdPushConstants(commands, layout_, VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof numbers,
                     &numbers);
  vkCmdDraw(commands, vertices, 1, 0, 0);
}

void Renderer::draw_scene(VkCommandBuffer commands, float angle, const Network& network) {
  read_weights_from(network.weights);
  begin_rendering(commands, colour_, &depth_);
  const int32_t right = static_cast<int32_t>(kView);
  draw(commands, truth_, kTorusVertices, {0, 0}, {kView, kView}, {angle, {}});
  draw(commands, neural_, kTorusVertices, {right, 0}, {kView, kView}, {angle, network.place});
  vkCmdEndRendering(commands);
  barrier(commands, VK_PIPELINE_STAGE_2_ALL_GRAPHICS_BIT, VK_ACCESS_2_MEMORY_WRITE_BIT,
          VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT);
}

void Renderer::draw_flat(VkCommandBuffer commands, VkPipeline pipeline, const Draw& numbers, const Image& to) const {
  begin_rendering(commands, to, nullptr);
  draw(commands, pipeline, 3, {0, 0}, to.extent, numbers);
  vkCmdEndRendering(commands);
}

void Renderer::copy(VkCommandBuffer commands, const Image& from, const Buffer& to) const {
  barrier(commands, VK_PIPELINE_STAGE_2_ALL_GRAPHICS_BIT, VK_ACCESS_2_MEMORY_WRITE_BIT,
          VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT, VK_ACCESS_2_TRANSFER_READ_BIT);
  const VkBufferImageCopy region{.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                 .imageExtent = {from.extent.width, from.extent.height, 1}};
  vkCmdCopyImageToBuffer(commands, from.image, VK_IMAGE_LAYOUT_GENERAL, to.buffer, 1, &region);
  barrier(commands, VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT, VK_ACCESS_2_TRANSFER_WRITE_BIT,
          VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_2_HOST_BIT,
          VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_HOST_READ_BIT);
}

// Every image into the general layout, and the pattern into the texture and its buffer.
void Renderer::bake_texture() {
  const VkCommandBuffer commands = begin();
  for (const Image& image : {texture_, learned_, colour_, depth_}) {
    const bool depth = image.image == depth_.image;
    const VkImageAspectFlags aspect = depth ? VK_IMAGE_ASPECT_DEPTH_BIT : VK_IMAGE_ASPECT_COLOR_BIT;
    const VkImageMemoryBarrier2 change{.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2,
                                       .dstStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
                                       .dstAccessMask = VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT,
                                       .oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
                                       .newLayout = VK_IMAGE_LAYOUT_GENERAL,
                                       .image = image.image,
                                       .subresourceRange = {aspect, 0, 1, 0, 1}};
    const VkDependencyInfo info{
        .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO, .imageMemoryBarrierCount = 1, .pImageMemoryBarriers = &change};
    vkCmdPipelineBarrier2(commands, &info);
  }
  draw_flat(commands, procedural_, {}, texture_);
  copy(commands, texture_, texels_);
  submit(commands);
}

std::vector<uint8_t> Renderer::read(const Image& from) {
  const VkCommandBuffer commands = begin();
  copy(commands, from, readback_);
  submit(commands);
  return {readback_.mapped, readback_.mapped + size_t{4} * from.extent.width * from.extent.height};
}

std::vector<uint8_t> Renderer::scene() { return read(colour_); }
std::vector<uint8_t> Renderer::truth() { return read(texture_); }

std::vector<uint8_t> Renderer::learned(const Network& network) {
  read_weights_from(network.weights);
  const VkCommandBuffer commands = begin();
  draw_flat(commands, flat_, {0, network.place}, learned_);
  submit(commands);
  return read(learned_);
}
