// repro.amber: the same launches for Amber (github.com/google/amber), which the conformance suite of Vulkan runs too.
//
// A buffer of Amber has one element type, an expectation is a number with a tolerance, and there is no bf16. So what
// the script leaves out stands in it as a comment; repro.c leaves out nothing.

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "repro.h"

namespace lemnos::tool {

namespace {

// SPIR-V's numbers of capabilities, and what Amber calls the feature.
struct Feature {
  uint32_t capability;
  const char* name;
};
constexpr Feature kFeatures[] = {{9, "Float16Int8Features.shaderFloat16"},
                                 {39, "Float16Int8Features.shaderInt8"},
                                 {22, "shaderInt16"},
                                 {11, "shaderInt64"},
                                 {4433, "Storage16BitFeatures.storageBuffer16BitAccess"},
                                 {4448, "Storage8BitFeatures.storageBuffer8BitAccess"},
                                 {5345, "VulkanMemoryModelFeatures.vulkanMemoryModel"},
                                 {5346, "VulkanMemoryModelFeatures.vulkanMemoryModelDeviceScope"},
                                 {6022, "CooperativeMatrixFeaturesKHR.cooperativeMatrix"},
                                 {61, "SubgroupSupportedOperations.basic"},
                                 {62, "SubgroupSupportedOperations.vote"},
                                 {63, "SubgroupSupportedOperations.arithmetic"},
                                 {64, "SubgroupSupportedOperations.ballot"},
                                 {65, "SubgroupSupportedOperations.shuffle"},
                                 {66, "SubgroupSupportedOperations.shuffleRelative"},
                                 {67, "SubgroupSupportedOperations.clustered"}};

const char* amber_type(DType dtype) {
  switch (dtype) {
    case DType::f32: return "float";
    case DType::f16: return "float16";
    case DType::i32: return "int32";
    case DType::u8:
    case DType::boolean: return "uint8";
    default: return "uint32";
  }
}

// The element type of each buffer: that of the first result in it.
std::vector<DType> types_of(const Repro& repro) {
  std::vector<DType> types(repro.buffers.size(), DType::u32);
  for (size_t i = repro.results.size(); i-- > 0;)
    if (repro.results[i].desc.dtype != DType::bf16) types[repro.results[i].where.buffer] = repro.results[i].desc.dtype;
  return types;
}

std::string comment(const std::string& lines) {
  std::string out = "# ";
  for (const char c : lines) out += c == '\n' ? ' ' : c;
  return out + '\n';
}

std::string features_of(const Repro& repro) {
  std::string out;
  const auto any = [&](auto holds) { return std::ranges::any_of(repro.launches, holds); };
  for (const Feature& f : kFeatures)
    if (any([&](const Repro::Launch& l) { return l.kernel->info.has_capability(f.capability); }))
      out += text("DEVICE_FEATURE ", f.name, "\n");
  if (any([](const Repro::Launch& l) { return l.subgroup_size > 0; }))
    out +=
        "DEVICE_FEATURE SubgroupSizeControl.subgroupSizeControl\n"
        "DEVICE_FEATURE SubgroupSizeControl.computeFullSubgroups\n";
  if (any([](const Repro::Launch& l) { return l.kernel->info.has_capability(6022); }))
    out += "DEVICE_EXTENSION VK_KHR_cooperative_matrix\n";
  return out;
}

std::string pipeline_of(const Repro::Launch& launch, size_t number) {
  std::string out = comment(text("launch ", number, ": ", launch.label));
  if (launch.params.bytes() > 0) {
    out += text("BUFFER push", number, " DATA_TYPE uint32 DATA");
    for (uint32_t word : launch.params.span()) out += formatted(" 0x%08x", word);
    out += " END\n";
  }
  out += text("PIPELINE compute launch", number, "\n  ATTACH ", launch.kernel->name);
  for (size_t i = 0; i < launch.spec.span().size(); ++i)
    out += text(" \\\n    SPECIALIZE ", i, " AS uint32 ", launch.spec.span()[i]);
  out += "\n";
  if (launch.subgroup_size > 0)
    out += text("  SUBGROUP ", launch.kernel->name, "\n    FULLY_POPULATED on\n    REQUIRED_SIZE ",
                launch.subgroup_size, "\n  END\n");
  for (size_t b = 0; b < launch.bindings.size(); ++b) {
    const Repro::Range& range = launch.bindings[b];
    out += text("  BIND BUFFER buffer", range.buffer, " AS storage DESCRIPTOR_SET 0 BINDING ", b, " DESCRIPTOR_OFFSET ",
                range.offset, " DESCRIPTOR_RANGE ", range.bytes, "\n");
  }
  if (launch.params.bytes() > 0) out += text("  BIND BUFFER push", number, " AS push_constant\n");
  return out + "END\n\n";
}

std::string expectations_of(const Repro::Result& result, DType buffer_type) {
  std::string out = comment(text(result.name, " ", to_string(result.desc)));
  if (result.desc.dtype != buffer_type)
    return out + comment(text(to_string(result.desc.dtype), " in a buffer of ", amber_type(buffer_type),
                              " is more than Amber can tell: see repro.c"));
  size_t left_out = 0;
  for (size_t i = 0; i < result.reference.size(); ++i) {
    const double want = result.reference[i];
    if (!std::isfinite(want) || !std::isfinite(result.low[i]) || !std::isfinite(result.high[i])) {
      ++left_out;
      continue;
    }
    const uint64_t at = result.where.offset + i * size_of(buffer_type);
    out += text("EXPECT buffer", result.where.buffer, " IDX ", at);
    out += is_floating(buffer_type)
               ? formatted(" TOLERANCE %.9g EQ %.17g\n", std::max(result.high[i] - want, 1e-45), want)
               : formatted(" EQ %.0f\n", want);
  }
  if (left_out > 0) out += comment(text(left_out, " elements are not finite or need not be: see repro.c"));
  return out;
}

}  // namespace

std::string why_no_amber(const Repro& repro) {
  for (const Repro::Launch& launch : repro.launches)
    if (launch.counts) return "Amber has no launch whose number of workgroups the device reads";
  return {};
}

std::string repro_amber(const Repro& repro) {
  std::string out = "#!amber\n" + comment(repro.title) + comment(repro.device + ", " + repro.driver);
  if (!repro.message.empty()) out += comment(repro.message);
  out += comment("found by: " + repro.command) + comment("run in this folder: amber -t spv1.5 -v 1.2 repro.amber") +
         "\n" + features_of(repro) + "\n";
  std::set<std::string> shaders;
  for (const Repro::Launch& launch : repro.launches)
    if (shaders.insert(launch.kernel->name).second)
      out += text("SHADER compute ", launch.kernel->name, " SPIRV-BIN FILE ", module_file(*launch.kernel), "\n");
  out += "\n";
  const std::vector<DType> types = types_of(repro);
  for (size_t i = 0; i < repro.buffers.size(); ++i)
    out += comment(repro.buffers[i].name) + text("BUFFER buffer", i, " DATA_TYPE ", amber_type(types[i]),
                                                 " STD430 SIZE ", repro.buffers[i].before.size() / size_of(types[i]),
                                                 " FILE BINARY ", buffer_file(i), "\n");
  out += "\n";
  for (size_t i = 0; i < repro.launches.size(); ++i) out += pipeline_of(repro.launches[i], i);
  for (size_t i = 0; i < repro.launches.size(); ++i) {
    const std::array<uint32_t, 3>& groups = repro.launches[i].groups;
    out += text("RUN launch", i, " ", groups[0], " ", groups[1], " ", groups[2], "\n");
  }
  out += "\n";
  for (const Repro::Result& result : repro.results) out += expectations_of(result, types[result.where.buffer]);
  return out;
}

}  // namespace lemnos::tool
