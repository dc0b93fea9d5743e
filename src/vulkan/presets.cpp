#include "vulkan/presets.h"

#include <algorithm>

#include "base/text.h"

namespace lemnos::vulkan {

namespace {

void no_half(FeatureSet& features, DeviceCaps&) {
  features.fp16 = features.int16 = features.storage16 = false;
  features.cooperative_matrix = features.bfloat16_matrix = false;
}

void small_workgroups(FeatureSet&, DeviceCaps& caps) {
  caps.max_shared_memory = std::min(caps.max_shared_memory, 16u << 10);
  caps.max_workgroup_invocations = std::min(caps.max_workgroup_invocations, 128u);
}

// Operations of subgroups are a property and no feature: nothing but the caps can hide them.
void no_subgroups(FeatureSet& features, DeviceCaps& caps) {
  features.subgroup_size_control = features.full_subgroups = features.subgroup_extended_types = false;
  features.cooperative_matrix = features.bfloat16_matrix = false;
  caps.subgroup_arithmetic = caps.subgroup_size_control = caps.fast_broadcast = caps.cooperative_matrix = false;
  caps.matrix_shapes.clear();
}

void little_memory(FeatureSet&, DeviceCaps& caps) {
  caps.max_storage_range = std::min<uint64_t>(caps.max_storage_range, 128u << 20);
  caps.max_allocation = std::min<uint64_t>(caps.max_allocation, 128u << 20);
  caps.memory_limit = 64u << 20;
}

void portable(FeatureSet& features, DeviceCaps& caps) {
  no_half(features, caps);
  features.storage8 = features.int8 = features.buffer_device_address = false;
  small_workgroups(features, caps);
  no_subgroups(features, caps);
  little_memory(features, caps);
}

const Preset kPresets[] = {
    {"no-half", "16-bit arithmetic, 16-bit storage, the matrix unit", no_half},
    {"small-workgroups", "more than 16 KiB of shared memory, more than 128 invocations", small_workgroups},
    {"no-subgroups", "operations between the invocations of a subgroup, a chosen subgroup size, the matrix unit",
     no_subgroups},
    {"little-memory", "bindings past 128 MiB, more memory than 64 MiB in all", little_memory},
    {"portable", "what the other presets lack, 8-bit storage and arithmetic, buffer addresses", portable},
};

}  // namespace

std::span<const Preset> presets() { return kPresets; }

const Preset& find_preset(const std::string& name) {
  std::string known;
  for (const Preset& preset : kPresets) {
    if (name == preset.name) return preset;
    known += text(known.empty() ? "" : ", ", preset.name);
  }
  fail(ErrorCode::not_found, "device: no preset '", name, "', only ", known);
}

}  // namespace lemnos::vulkan
