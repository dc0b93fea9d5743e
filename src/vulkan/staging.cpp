#include "vulkan/staging.h"

#include <algorithm>
#include <cstring>

#include "vulkan/result.h"

namespace lemnos::vulkan {

Staging::Staging(std::shared_ptr<Timeline> timeline, VkDeviceSize slot_bytes, uint32_t slots)
    : timeline_(std::move(timeline)), slot_bytes_(slot_bytes), pool_(timeline_->context()), slots_(slots) {
  require(slot_bytes > 0 && slots > 0, ErrorCode::invalid_argument, "staging: ", slots, " slots of ", slot_bytes,
          " bytes");
}

Staging::~Staging() {
  finish();  // the ring may still be read
}

void Staging::create_ring() {
  const std::shared_ptr<Context>& context = timeline_->context();
  for (Slot& slot : slots_) {
    if (!slot.buffer) slot.buffer = Buffer(context, Memory::upload, slot_bytes_, "staging upload");
    if (!slot.commands) slot.commands = pool_.create();
  }
  if (!readback_.buffer) readback_.buffer = Buffer(context, Memory::readback, slot_bytes_, "staging readback");
  if (!readback_.commands) readback_.commands = pool_.create();
}

Status Staging::upload(std::span<const std::byte> bytes, Buffer& to, VkDeviceSize offset,
                       std::optional<uint64_t> free_after) {
  (void)to.range(offset, bytes.size());
  if (bytes.empty()) return Status::ok;
  const std::lock_guard lock(mutex_);
  if (to.mapped()) {
    // What was submitted may still read the old bytes.
    const Status status = timeline_->wait(free_after ? *free_after : timeline_->submitted());
    if (status != Status::ok) return status;
    std::memcpy(to.mapped() + offset, bytes.data(), bytes.size());
    return to.flush(offset, bytes.size());
  }
  create_ring();
  for (size_t at = 0; at < bytes.size(); at += slot_bytes_) {
    const size_t piece = std::min<size_t>(slot_bytes_, bytes.size() - at);
    const Status status = upload_piece(bytes.subspan(at, piece), to, offset + at);
    if (status != Status::ok) return status;
  }
  return Status::ok;
}

Status Staging::upload_piece(std::span<const std::byte> bytes, const Buffer& to, VkDeviceSize offset) {
  Slot& slot = slots_[next_];
  next_ = (next_ + 1) % slots_.size();
  if (const Status status = timeline_->wait(slot.busy_until); status != Status::ok) return status;
  std::memcpy(slot.buffer.mapped(), bytes.data(), bytes.size());
  if (const Status status = slot.buffer.flush(0, bytes.size()); status != Status::ok) return status;
  Recorder recorder = Recorder::begin(*timeline_->context(), slot.commands, Reuse::once);
  recorder.barrier();
  recorder.copy(slot.buffer.range(0, bytes.size()), to.range(offset, bytes.size()));
  recorder.barrier();
  recorder.end();
  const Submission sent = timeline_->submit({&slot.commands, 1}, {}, {}, "an upload");
  slot.busy_until = sent.value;
  return sent.status;
}

Status Staging::download(const Buffer& from, VkDeviceSize offset, std::span<std::byte> bytes) {
  (void)from.range(offset, bytes.size());
  if (bytes.empty()) return Status::ok;
  const std::lock_guard lock(mutex_);
  if (from.mapped()) return download_mapped(from, offset, bytes);
  create_ring();
  for (size_t at = 0; at < bytes.size(); at += slot_bytes_) {
    const size_t piece = std::min<size_t>(slot_bytes_, bytes.size() - at);
    const Status status = download_piece(from, offset + at, bytes.subspan(at, piece));
    if (status != Status::ok) return status;
  }
  return Status::ok;
}

Status Staging::download_mapped(const Buffer& from, VkDeviceSize offset, std::span<std::byte> bytes) {
  // Waiting for a semaphore does not make device writes visible to the host: that takes a barrier, so one is sent
  // after everything that was submitted.
  if (!to_host_) {
    const VkCommandBuffer made = pool_.create();
    Recorder recorder = Recorder::begin(*timeline_->context(), made, Reuse::many);
    recorder.barrier_to_host();
    recorder.end();
    to_host_ = made;
  }
  const Submission sent = timeline_->submit({&to_host_, 1}, {}, {}, "a download");
  if (sent.status != Status::ok) return sent.status;
  if (const Status status = timeline_->wait(sent.value); status != Status::ok) return status;
  if (const Status status = from.invalidate(offset, bytes.size()); status != Status::ok) return status;
  std::memcpy(bytes.data(), from.mapped() + offset, bytes.size());
  return Status::ok;
}

Status Staging::download_piece(const Buffer& from, VkDeviceSize offset, std::span<std::byte> bytes) {
  Recorder recorder = Recorder::begin(*timeline_->context(), readback_.commands, Reuse::once);
  recorder.barrier();
  recorder.copy(from.range(offset, bytes.size()), readback_.buffer.range(0, bytes.size()));
  recorder.barrier_to_host();
  recorder.end();
  const Submission sent = timeline_->submit({&readback_.commands, 1}, {}, {}, "a download");
  if (sent.status != Status::ok) return sent.status;
  if (const Status status = timeline_->wait(sent.value); status != Status::ok) return status;
  if (const Status status = readback_.buffer.invalidate(0, bytes.size()); status != Status::ok) return status;
  std::memcpy(bytes.data(), readback_.buffer.mapped(), bytes.size());
  return Status::ok;
}

}  // namespace lemnos::vulkan
