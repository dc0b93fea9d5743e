// Pipelines: specialisation, reuse, parallel creation, refusals, subgroup sizes, descriptors.
#include "support.h"

namespace lemnos::vulkan::testing {
namespace {

class Kernels : public VulkanTest {};

TEST_F(Kernels, SpecialisationConstantsReachTheShader) {
  const std::shared_ptr<Context> context = open();
  expect_scale_add_works(context, 1, 0);
  expect_scale_add_works(context, 3, 11);
  expect_scale_add_works(context, 0, 0xffffffffu);
}

TEST_F(Kernels, OneDescriptionIsOnePipeline) {
  const std::shared_ptr<Context> context = open();
  const uint32_t spec[] = {64, 1}, same[] = {64, 1}, other[] = {64, 2};
  const Pipeline& first = context->pipeline(scale_add_desc(spec));
  EXPECT_EQ(&context->pipeline(scale_add_desc(same)), &first);
  EXPECT_EQ(context->counters().pipelines, 1u);
  EXPECT_NE(context->pipeline(scale_add_desc(other)).handle, first.handle);
  EXPECT_EQ(context->counters().pipelines, 2u);
  EXPECT_EQ(context->pipeline(scale_add_desc(other)).layout, first.layout);
}

TEST_F(Kernels, PrepareMakesEachOnceOnSeveralThreads) {
  const std::shared_ptr<Context> context = open();
  std::vector<std::array<uint32_t, 2>> specs;
  for (uint32_t i = 0; i < 12; ++i) specs.push_back({32, i % 6});
  std::vector<PipelineDesc> descs;
  for (const auto& spec : specs) descs.push_back(scale_add_desc(spec));
  context->prepare(descs);
  EXPECT_EQ(context->counters().pipelines, 6u);
  expect_scale_add_works(context, 2, 5);
  EXPECT_EQ(context->counters().pipelines, 6u);
  context->prepare({});
}

TEST_F(Kernels, WhatTheDeviceCannotRunIsRefusedByName) {
  const std::shared_ptr<Context> context = open();
  const uint32_t spec[] = {64, 0};
  PipelineDesc desc = scale_add_desc(spec);
  desc.push_bytes = context->caps().max_push_constants + 4;
  const Error push = error_of([&] { context->pipeline(desc); });
  EXPECT_EQ(push.code(), ErrorCode::unsupported);
  EXPECT_TRUE(std::string(push.what()).starts_with("scale_add: ")) << push.what();
  desc = scale_add_desc(spec);
  desc.required_subgroup_size = 4096;
  EXPECT_EQ(error_of([&] { context->pipeline(desc); }).code(), ErrorCode::unsupported);
  desc = scale_add_desc(spec);
  desc.spirv = spec;
  EXPECT_EQ(error_of([&] { context->pipeline(desc); }).code(), ErrorCode::invalid_argument);
  const PipelineDesc list[] = {scale_add_desc(spec), desc};
  EXPECT_EQ(error_of([&] { context->prepare(list); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of([&] { context->prepare(list); }).code(), ErrorCode::invalid_argument);
}

TEST_F(Kernels, ARequiredSubgroupSizeIsWhatTheShaderSees) {
  const std::shared_ptr<Context> context = open();
  const DeviceCaps& caps = context->caps();
  if (!caps.subgroup_size_control) GTEST_SKIP() << context->info().name << " cannot choose a subgroup size";
  const auto timeline = std::make_shared<Timeline>(context);
  Staging staging(timeline);
  CommandPool pool(context);
  for (uint32_t size = caps.min_subgroup_size; size <= caps.max_subgroup_size; size *= 2) {
    Buffer y(context, Memory::device, 4, "y");
    const Pipeline& pipeline = context->pipeline(subgroup_probe_desc(size));
    DescriptorPool descriptors(context, 1, 1);
    const BufferRange ranges[] = {y.range()};
    Recorder recorder = Recorder::begin(*context, pool.create(), Reuse::once);
    recorder.dispatch(pipeline, descriptors.create(pipeline, ranges), {}, {1, 1, 1});
    recorder.end();
    const VkCommandBuffer commands = recorder.commands();
    ASSERT_EQ(timeline->submit({&commands, 1}).status, Status::ok);
    EXPECT_EQ(read_words(staging, y, 1)[0], size);
  }
}

TEST_F(Kernels, DescriptorsAreCheckedAgainstTheDevice) {
  const std::shared_ptr<Context> context = open();
  DeviceCaps limits = context->caps();
  limits.max_storage_range = 1024;
  context->clamp_caps(limits);
  const Buffer buffer(context, Memory::device, 4096, "arena");
  const Pipeline& pipeline = context->pipeline(accumulate_desc());
  DescriptorPool pool(context, 4, 8);
  const uint64_t step = context->caps().min_storage_offset_alignment;
  const BufferRange good = buffer.range(step, 512), odd = buffer.range(1, 512), large = buffer.range(0, 2048);
  const BufferRange ok[] = {good, good}, one[] = {good}, misaligned[] = {good, odd}, too_large[] = {large, good};
  EXPECT_NE(pool.create(pipeline, ok), VkDescriptorSet{VK_NULL_HANDLE});
  EXPECT_EQ(error_of([&] { pool.create(pipeline, one); }).code(), ErrorCode::invalid_argument);
  const Error alignment = error_of([&] { pool.create(pipeline, misaligned); });
  EXPECT_EQ(alignment.code(), ErrorCode::invalid_argument);
  EXPECT_NE(std::string(alignment.what()).find("byte 1,"), std::string::npos) << alignment.what();
  EXPECT_EQ(error_of([&] { pool.create(pipeline, too_large); }).code(), ErrorCode::unsupported);
}

TEST_F(Kernels, DispatchesAreCheckedAndEmptyOnesLeftOut) {
  const std::shared_ptr<Context> context = open();
  const uint32_t spec[] = {64, 0};
  const Pipeline& pipeline = context->pipeline(scale_add_desc(spec));
  const Buffer buffer(context, Memory::device, 256, "xy");
  DescriptorPool descriptors(context, 1, 2);
  const BufferRange ranges[] = {buffer.range(), buffer.range()};
  const VkDescriptorSet set = descriptors.create(pipeline, ranges);
  CommandPool pool(context);
  Recorder recorder = Recorder::begin(*context, pool.create(), Reuse::once);
  const ScaleAddPush push{1, 1};
  recorder.dispatch(pipeline, set, bytes_of(push), {1, 0, 1});
  EXPECT_EQ(recorder.dispatches(), 0u);
  EXPECT_EQ(error_of([&] { recorder.dispatch(pipeline, set, {}, {1, 1, 1}); }).code(), ErrorCode::invalid_argument);
  const uint32_t too_many = context->caps().max_workgroup_count + 1;
  if (too_many != 0) {
    EXPECT_EQ(error_of([&] {
                recorder.dispatch(pipeline, set, bytes_of(push), {too_many, 1, 1});
              }).code(),
              ErrorCode::unsupported);
  }
  recorder.end();
}

}  // namespace
}  // namespace lemnos::vulkan::testing
