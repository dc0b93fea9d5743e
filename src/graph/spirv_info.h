// What a SPIR-V module says of itself: bindings and how they are used, push constants, specialisation constants, shared
// memory. Barriers and the kernel contract rest on this, so that neither can disagree with the shader.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace lemnos {

struct SpirvBinding {
  bool readable = false;  // some block on the binding lacks NonReadable
  bool writable = false;  // some block on the binding lacks NonWritable
};

struct SpirvInfo {
  std::vector<SpirvBinding> bindings;  // set 0, by binding number
  uint32_t push_bytes = 0;
  std::vector<uint32_t> spec_ids;       // sorted
  std::vector<uint32_t> spec_defaults;  // by position in spec_ids
  std::array<uint32_t, 3> local_size{1, 1, 1};
  int local_size_spec_id = -1;  // the id that sets local_size[0], or -1
  std::vector<uint32_t> capabilities;
  bool has_capability(uint32_t capability) const;
};

/// Throws `corrupt_data` for words that are no module.
SpirvInfo read_spirv(std::span<const uint32_t> words);

}  // namespace lemnos
