#include "vulkan/executable.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "vulkan/result.h"

namespace lemnos::vulkan {

namespace {

double number_of(const VkPipelineExecutableStatisticKHR& s) {
  switch (s.format) {
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR: return s.value.b32 ? 1 : 0;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR: return static_cast<double>(s.value.i64);
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR: return static_cast<double>(s.value.u64);
    default: return s.value.f64;
  }
}

void read_statistics(const Context& context, const VkPipelineExecutableInfoKHR& info, Executable& executable) {
  const DeviceTable& vk = context.vk();
  uint32_t count = 0;
  check(vk.vkGetPipelineExecutableStatisticsKHR(context.device(), &info, &count, nullptr), "pipeline statistics");
  std::vector<VkPipelineExecutableStatisticKHR> found(count,
                                                      {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR});
  check(vk.vkGetPipelineExecutableStatisticsKHR(context.device(), &info, &count, found.data()), "pipeline statistics");
  for (const VkPipelineExecutableStatisticKHR& s : found) executable.statistics.push_back({s.name, number_of(s)});
}

void read_code(const Context& context, const VkPipelineExecutableInfoKHR& info, Executable& executable) {
  const DeviceTable& vk = context.vk();
  const auto read = [&](uint32_t& count, VkPipelineExecutableInternalRepresentationKHR* to) {
    check(vk.vkGetPipelineExecutableInternalRepresentationsKHR(context.device(), &info, &count, to), "pipeline code");
  };
  uint32_t count = 0;
  read(count, nullptr);
  std::vector<VkPipelineExecutableInternalRepresentationKHR> found(
      count, {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR});
  read(count, found.data());
  std::vector<std::string> texts(count);
  for (uint32_t i = 0; i < count; ++i) {
    texts[i].resize(found[i].dataSize);
    found[i].pData = texts[i].data();
  }
  read(count, found.data());
  for (uint32_t i = 0; i < count; ++i) {
    if (!found[i].isText) continue;
    texts[i].resize(std::min(texts[i].size(), texts[i].find('\0')));
    executable.representations.push_back({found[i].name, std::move(texts[i])});
  }
}

// The words of the drivers that were seen; a word may stand for several of a driver's numbers, which are added up.
struct Word {
  double Footprint::*member;
  std::string_view name;
};
constexpr Word kWords[] = {
    // RADV
    {&Footprint::registers, "VGPRs"},
    {&Footprint::spills, "Spilled SGPRs"},
    {&Footprint::spills, "Spilled VGPRs"},
    {&Footprint::scratch, "Scratch size"},
    {&Footprint::occupancy, "Subgroups per SIMD"},
    {&Footprint::instructions, "Instructions"},  // Honeykrisp too
    // NVK
    {&Footprint::registers, "Number of GPRs"},
    {&Footprint::spills, "Spills to memory"},
    {&Footprint::scratch, "SLM size"},
    {&Footprint::occupancy, "Max warps/SM"},
    {&Footprint::instructions, "Instruction count"},
    // Turnip: stores to private memory are its spills and its arrays
    {&Footprint::registers, "Registers used"},
    {&Footprint::spills, "STP Count"},
    {&Footprint::occupancy, "Max Waves Per Core"},
    {&Footprint::instructions, "Instruction Count"},
    // Honeykrisp
    {&Footprint::registers, "GPRs"},
    {&Footprint::spills, "Spills"},
    {&Footprint::scratch, "Scratch"},
    {&Footprint::occupancy, "Threads"},
};

}  // namespace

Executable inspect(Context& context, const PipelineDesc& desc, bool code) {
  require(context.caps().pipeline_executable_properties, ErrorCode::unsupported, desc.name, ": ", context.info().name,
          " has no VK_KHR_pipeline_executable_properties");
  PipelineDesc asked = desc;
  asked.inspect = code ? PipelineDesc::Inspect::code : PipelineDesc::Inspect::statistics;
  const VkPipelineInfoKHR pipeline{.sType = VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR,
                                   .pipeline = context.pipeline(asked).handle};
  uint32_t count = 1;
  VkPipelineExecutablePropertiesKHR properties{.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR};
  const VkResult result =
      context.vk().vkGetPipelineExecutablePropertiesKHR(context.device(), &pipeline, &count, &properties);
  if (result != VK_INCOMPLETE) check(result, desc.name, ": pipeline executables");
  require(count > 0, ErrorCode::unsupported, desc.name, ": the driver shows no executable");
  Executable executable{.subgroup_size = properties.subgroupSize};
  const VkPipelineExecutableInfoKHR info{
      .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, .pipeline = pipeline.pipeline, .executableIndex = 0};
  read_statistics(context, info, executable);
  if (code) read_code(context, info, executable);
  return executable;
}

Footprint footprint_of(const Executable& executable) {
  Footprint footprint;
  for (const Executable::Statistic& s : executable.statistics)
    for (const Word& word : kWords) {
      if (s.name != word.name) continue;
      double& value = footprint.*word.member;
      value = std::max(value, 0.0) + s.value;
    }
  return footprint;
}

}  // namespace lemnos::vulkan
