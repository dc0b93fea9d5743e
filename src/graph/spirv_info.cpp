#include "graph/spirv_info.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace lemnos {

bool SpirvInfo::has_capability(uint32_t capability) const {
  return std::ranges::find(capabilities, capability) != capabilities.end();
}

namespace {

// Opcodes, decorations, storage classes: numbers of the SPIR-V specification.
enum : uint32_t {
  kOpCapability = 17,
  kOpExecutionMode = 16,
  kOpExecutionModeId = 331,
  kOpTypeInt = 21,
  kOpTypeFloat = 22,
  kOpTypeVector = 23,
  kOpTypeArray = 28,
  kOpTypeStruct = 30,
  kOpTypePointer = 32,
  kOpConstant = 43,
  kOpSpecConstantTrue = 48,
  kOpSpecConstantFalse = 49,
  kOpSpecConstant = 50,
  kOpSpecConstantComposite = 51,
  kOpVariable = 59,
  kOpDecorate = 71,
  kOpMemberDecorate = 72,
  kDecorationSpecId = 1,
  kDecorationBuiltIn = 11,
  kDecorationNonWritable = 24,
  kDecorationNonReadable = 25,
  kDecorationBinding = 33,
  kDecorationOffset = 35,
  kBuiltInWorkgroupSize = 25,
  kExecutionModeLocalSize = 17,
  kExecutionModeLocalSizeId = 38,
  kStorageStorageBuffer = 12,
  kStoragePushConstant = 9,
};

struct Module {
  std::map<uint32_t, uint32_t> spec_id, spec_default, binding, type_bytes, pointee, built_in, constant;
  std::map<uint32_t, std::vector<uint32_t>> members, composite;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> member_offset;
  std::map<std::pair<uint32_t, uint32_t>, std::set<uint32_t>> member_decorations;
  std::map<uint32_t, std::set<uint32_t>> decorations;
  struct Variable {
    uint32_t id, pointer_type, storage;
  };
  std::vector<Variable> variables;
};

void read_decoration(Module& m, std::span<const uint32_t> op, uint32_t code) {
  if (code == kOpDecorate) {
    const uint32_t id = op[1], decoration = op[2];
    m.decorations[id].insert(decoration);
    if (decoration == kDecorationSpecId) m.spec_id[id] = op[3];
    if (decoration == kDecorationBinding) m.binding[id] = op[3];
    if (decoration == kDecorationBuiltIn) m.built_in[id] = op[3];
    return;
  }
  m.member_decorations[{op[1], op[2]}].insert(op[3]);
  if (op[3] == kDecorationOffset) m.member_offset[{op[1], op[2]}] = op[4];
}

void read_type(Module& m, std::span<const uint32_t> op, uint32_t code) {
  switch (code) {
    case kOpTypeInt:
    case kOpTypeFloat: m.type_bytes[op[1]] = op[2] / 8; break;
    case kOpTypeVector: m.type_bytes[op[1]] = m.type_bytes[op[2]] * op[3]; break;
    case kOpTypeArray: m.type_bytes[op[1]] = m.type_bytes[op[2]] * m.constant[op[3]]; break;
    case kOpTypeStruct: m.members[op[1]].assign(op.begin() + 2, op.end()); break;
    case kOpTypePointer: m.pointee[op[1]] = op[3]; break;
    default: break;
  }
}

void read_instruction(Module& m, SpirvInfo& info, std::span<const uint32_t> op, uint32_t code) {
  switch (code) {
    case kOpCapability: info.capabilities.push_back(op[1]); break;
    case kOpExecutionMode:
      if (op[2] == kExecutionModeLocalSize) info.local_size = {op[3], op[4], op[5]};
      break;
    case kOpExecutionModeId:
      if (op[2] == kExecutionModeLocalSizeId && m.spec_id.contains(op[3]))
        info.local_size_spec_id = static_cast<int>(m.spec_id[op[3]]);
      break;
    case kOpDecorate:
    case kOpMemberDecorate: read_decoration(m, op, code); break;
    case kOpConstant: m.constant[op[2]] = op[3]; break;
    case kOpSpecConstantTrue: m.spec_default[op[2]] = 1; break;
    case kOpSpecConstantFalse: m.spec_default[op[2]] = 0; break;
    case kOpSpecConstant: m.spec_default[op[2]] = op[3]; break;
    case kOpSpecConstantComposite: m.composite[op[2]].assign(op.begin() + 3, op.end()); break;
    case kOpVariable: m.variables.push_back({op[2], op[1], op[3]}); break;
    default: read_type(m, op, code);
  }
}

// A block is read-only when its variable or every one of its members says so.
bool all_decorated(const Module& m, const Module::Variable& v, uint32_t type, uint32_t decoration) {
  if (const auto it = m.decorations.find(v.id); it != m.decorations.end() && it->second.contains(decoration))
    return true;
  const auto members = m.members.find(type);
  if (members == m.members.end() || members->second.empty()) return false;
  for (uint32_t i = 0; i < members->second.size(); ++i) {
    const auto it = m.member_decorations.find({type, i});
    if (it == m.member_decorations.end() || !it->second.contains(decoration)) return false;
  }
  return true;
}

void collect(const Module& m, SpirvInfo& info) {
  for (const Module::Variable& v : m.variables) {
    const uint32_t type = m.pointee.at(v.pointer_type);
    if (v.storage == kStoragePushConstant) {
      const auto& members = m.members.at(type);
      for (uint32_t i = 0; i < members.size(); ++i)
        info.push_bytes = std::max(info.push_bytes, m.member_offset.at({type, i}) + m.type_bytes.at(members[i]));
    }
    if (v.storage != kStorageStorageBuffer || !m.binding.contains(v.id)) continue;
    const uint32_t binding = m.binding.at(v.id);
    if (info.bindings.size() <= binding) info.bindings.resize(binding + 1);
    info.bindings[binding].readable |= !all_decorated(m, v, type, kDecorationNonReadable);
    info.bindings[binding].writable |= !all_decorated(m, v, type, kDecorationNonWritable);
  }
  std::map<uint32_t, uint32_t> by_spec_id;
  for (const auto& [id, spec] : m.spec_id) by_spec_id[spec] = m.spec_default.contains(id) ? m.spec_default.at(id) : 0;
  for (const auto& [spec, value] : by_spec_id) {
    info.spec_ids.push_back(spec);
    info.spec_defaults.push_back(value);
  }
  for (const auto& [id, built_in] : m.built_in)  // glslang expresses local_size_x_id through gl_WorkGroupSize
    if (built_in == kBuiltInWorkgroupSize && m.composite.contains(id) && m.spec_id.contains(m.composite.at(id)[0]))
      info.local_size_spec_id = static_cast<int>(m.spec_id.at(m.composite.at(id)[0]));
}

}  // namespace

SpirvInfo read_spirv(std::span<const uint32_t> words) {
  require(words.size() > 5 && words[0] == 0x07230203u, ErrorCode::corrupt_data, "spirv: ", words.size(),
          " words that do not begin as a module");
  Module module;
  SpirvInfo info;
  for (size_t at = 5; at < words.size();) {
    const uint32_t count = words[at] >> 16;
    require(count > 0 && at + count <= words.size(), ErrorCode::corrupt_data, "spirv: instruction of ", count,
            " words at word ", at, " of ", words.size());
    read_instruction(module, info, words.subspan(at, count), words[at] & 0xffffu);
    at += count;
  }
  collect(module, info);
  return info;
}

}  // namespace lemnos
