// Buffers and staging: every byte arrives, at odd offsets and sizes, mapped or through the ring, within the budget.
#include <cstring>

#include "support.h"

namespace lemnos::vulkan::testing {
namespace {

class Memories : public VulkanTest {};

std::vector<std::byte> noise(size_t count, uint32_t seed) {
  std::vector<std::byte> bytes(count);
  for (std::byte& b : bytes) {
    seed = seed * 1664525u + 1013904223u;
    b = std::byte(seed >> 24);
  }
  return bytes;
}

// What a card behind a bus looks like: device memory that the host cannot see.
std::shared_ptr<Context> without_unified_memory(std::shared_ptr<Context> context) {
  DeviceCaps limits = context->caps();
  limits.unified_memory = false;
  context->clamp_caps(limits);
  return context;
}

void expect_round_trips(const std::shared_ptr<Context>& context, VkDeviceSize slot_bytes) {
  const auto timeline = std::make_shared<Timeline>(context);
  Staging staging(timeline, slot_bytes, 3);
  Buffer buffer(context, Memory::device, 10007, "arena");
  std::vector<std::byte> mirror = noise(10007, 1);
  ASSERT_EQ(staging.upload(mirror, buffer), Status::ok);
  for (const size_t offset : {size_t{0}, size_t{1}, size_t{3}, size_t{4096}, size_t{10006}})
    for (const size_t count : {size_t{1}, size_t{2}, size_t{5}, size_t{257}, size_t{5000}, size_t{0}}) {
      if (offset + count > mirror.size()) continue;
      const std::vector<std::byte> piece = noise(count, static_cast<uint32_t>(offset * 31 + count));
      ASSERT_EQ(staging.upload(piece, buffer, offset), Status::ok);
      if (count > 0) std::memcpy(mirror.data() + offset, piece.data(), count);
      std::vector<std::byte> back(count);
      ASSERT_EQ(staging.download(buffer, offset, back), Status::ok);
      ASSERT_EQ(back, piece) << count << " bytes at " << offset;
    }
  std::vector<std::byte> all(mirror.size());
  ASSERT_EQ(staging.download(buffer, 0, all), Status::ok);
  EXPECT_EQ(all, mirror);
}

TEST_F(Memories, UnifiedOrNotTheSameBytesComeBack) {
  const std::shared_ptr<Context> context = open();
  const Buffer probe(context, Memory::device, 16, "probe");
  EXPECT_EQ(probe.mapped() != nullptr, context->caps().unified_memory);
  expect_round_trips(context, 4096);
}

TEST_F(Memories, TheRingCarriesPiecesOfAnySize) {
  const std::shared_ptr<Context> context = without_unified_memory(open());
  const Buffer probe(context, Memory::device, 16, "probe");
  EXPECT_EQ(probe.mapped(), nullptr);
  for (const VkDeviceSize slot : {64, 1000, 1 << 20}) expect_round_trips(context, slot);
}

TEST_F(Memories, UploadAndReadbackMemoryIsMapped) {
  const std::shared_ptr<Context> context = open();
  for (const Memory memory : {Memory::upload, Memory::readback}) {
    const Buffer buffer(context, memory, 100, "mapped");
    ASSERT_NE(buffer.mapped(), nullptr);
    std::memset(buffer.mapped(), 0x5a, 100);
    EXPECT_EQ(buffer.flush(0, 100), Status::ok);
    EXPECT_EQ(buffer.invalidate(0, 100), Status::ok);
    EXPECT_EQ(buffer.mapped()[99], std::byte{0x5a});
  }
}

TEST_F(Memories, FillAndCopy) {
  const std::shared_ptr<Context> context = open();
  const auto timeline = std::make_shared<Timeline>(context);
  Staging staging(timeline);
  Buffer a(context, Memory::device, 64, "a"), b(context, Memory::device, 64, "b");
  CommandPool pool(context);
  Recorder recorder = Recorder::begin(*context, pool.create(), Reuse::once);
  recorder.fill(a.range(), 7);
  recorder.fill(b.range(), 1);
  recorder.barrier();
  recorder.fill(a.range(16, 8), 9);
  recorder.barrier();
  recorder.copy(a.range(12, 20), b.range(40, 20));
  EXPECT_EQ(error_of([&] { recorder.copy(a.range(0, 4), b.range(0, 8)); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of([&] { recorder.fill(a.range(2, 4), 0); }).code(), ErrorCode::invalid_argument);
  recorder.end();
  EXPECT_EQ(recorder.barriers(), 2u);
  const VkCommandBuffer commands = recorder.commands();
  ASSERT_EQ(timeline->submit({&commands, 1}).status, Status::ok);
  const std::vector<uint32_t> expected = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7, 9, 9, 7, 7, 1};
  EXPECT_EQ(read_words(staging, b, 16), expected);
}

TEST_F(Memories, RangesAndSizesAreChecked) {
  const std::shared_ptr<Context> context = open();
  Staging staging(std::make_shared<Timeline>(context));
  Buffer buffer(context, Memory::device, 100, "small");
  EXPECT_EQ(error_of([&] { (void)buffer.range(50, 51); }).code(), ErrorCode::out_of_range);
  EXPECT_EQ(error_of([&] { (void)buffer.range(~VkDeviceSize{0}, 2); }).code(), ErrorCode::out_of_range);
  const std::vector<std::byte> bytes(101);
  EXPECT_EQ(error_of([&] { (void)staging.upload(bytes, buffer); }).code(), ErrorCode::out_of_range);
  EXPECT_EQ(error_of([&] { Buffer(context, Memory::device, 0, "none"); }).code(), ErrorCode::invalid_argument);
  const Error large = error_of([&] { Buffer(context, Memory::device, context->caps().max_allocation + 1, "large"); });
  EXPECT_EQ(large.code(), ErrorCode::unsupported);
  EXPECT_TRUE(std::string(large.what()).starts_with("buffer 'large'")) << large.what();
}

TEST_F(Memories, TheBudgetIsKeptAndGivenBack) {
  const std::shared_ptr<Context> context = open({.memory_budget = 4 << 20});
  EXPECT_EQ(context->allocator().bytes_left(), uint64_t{4} << 20);
  {
    const Buffer first(context, Memory::device, 2 << 20, "first");  // and 1 MiB of guard tail
    EXPECT_EQ(context->allocator().use().bytes, uint64_t{3} << 20);
    const Error error = error_of([&] { Buffer(context, Memory::device, 2 << 20, "second"); });
    EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
    EXPECT_NE(std::string(error.what()).find("1048576 left of a budget of 4194304"), std::string::npos) << error.what();
    const Buffer third(context, Memory::upload, 1 << 20, "third");
  }
  const MemoryUse use = context->allocator().use();
  EXPECT_EQ(use.buffers, 0u);
  EXPECT_EQ(use.bytes, 0u);
  EXPECT_EQ(use.peak_bytes, uint64_t{4} << 20);
  const Buffer again(context, Memory::device, 2 << 20, "again");
  EXPECT_EQ(context->counters().allocations, 3u);
}

TEST_F(Memories, SmallBuffersShareASmallBlock) {
  const std::shared_ptr<Context> context = open();
  std::vector<Buffer> buffers;
  for (int i = 0; i < 32; ++i) buffers.emplace_back(context, Memory::device, 1000, "small");
  EXPECT_LE(context->allocator().use().reserved_bytes, uint64_t{16} << 20);
}

TEST_F(Memories, BuffersMoveAndKeepTheirContextAlive) {
  Buffer kept;
  EXPECT_FALSE(kept);
  {
    Buffer made(open(), Memory::device, 64, "made");
    const VkBuffer handle = made.handle();
    kept = std::move(made);
    EXPECT_EQ(kept.handle(), handle);
    EXPECT_FALSE(made);
  }
  EXPECT_TRUE(kept);
  kept = Buffer();
  EXPECT_FALSE(kept);
}

TEST_F(Memories, AddressesExistWhereTheyAreEnabled) {
  const std::shared_ptr<Context> context = open();
  const Buffer buffer(context, Memory::device, 64, "addressed");
  EXPECT_EQ(buffer.address() != 0, context->caps().buffer_device_address);
  FeatureSet without = context->features();
  without.buffer_device_address = false;
  const std::shared_ptr<Context> plain = open({.wanted_features = without});
  EXPECT_FALSE(plain->caps().buffer_device_address);
  EXPECT_EQ(Buffer(plain, Memory::device, 64, "plain").address(), 0u);
}

}  // namespace
}  // namespace lemnos::vulkan::testing
