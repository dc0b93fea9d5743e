#include "spirv/module.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace lemnos {

bool KernelInfo::has_capability(uint32_t capability) const {
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
  kOpConstantComposite = 44,
  kOpSpecConstantTrue = 48,
  kOpSpecConstantFalse = 49,
  kOpSpecConstant = 50,
  kOpSpecConstantComposite = 51,
  kOpSpecConstantOp = 52,
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
  kStorageWorkgroup = 4,
  kStorageStorageBuffer = 12,
  kStoragePushConstant = 9,
};

struct Module {
  // `constant` has the value of every scalar constant, with the specialisation constants at their defaults.
  std::map<uint32_t, uint32_t> spec_id, binding, type_bytes, pointee, built_in, constant;
  std::vector<uint32_t> capabilities;
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

// What the length of an array may be made of; anything else stays unknown.
void fold(Module& m, std::span<const uint32_t> op) {
  constexpr uint32_t kExtract = 81, kAdd = 128, kSubtract = 130, kMultiply = 132, kDivide = 134, kModulo = 137;
  constexpr uint32_t kSelect = 169, kEqual = 170, kNotEqual = 171;
  if (op[3] == kExtract) {
    const auto parts = m.composite.find(op[4]);
    if (op.size() == 6 && parts != m.composite.end() && op[5] < parts->second.size() &&
        m.constant.contains(parts->second[op[5]]))
      m.constant[op[2]] = m.constant[parts->second[op[5]]];
    return;
  }
  for (const uint32_t operand : op.subspan(4))
    if (!m.constant.contains(operand)) return;
  const auto at = [&](size_t i) { return m.constant[op[4 + i]]; };
  uint32_t& result = m.constant[op[2]];
  switch (op[3]) {
    case kAdd: result = at(0) + at(1); break;
    case kSubtract: result = at(0) - at(1); break;
    case kMultiply: result = at(0) * at(1); break;
    case kDivide: result = at(1) ? at(0) / at(1) : 0; break;
    case kModulo: result = at(1) ? at(0) % at(1) : 0; break;
    case kSelect: result = at(0) ? at(1) : at(2); break;
    case kEqual: result = at(0) == at(1); break;
    case kNotEqual: result = at(0) != at(1); break;
    default: m.constant.erase(op[2]);
  }
}

void set_bytes(Module& m, uint32_t type, uint32_t element, uint32_t count) {
  if (const auto one = m.type_bytes.find(element); one != m.type_bytes.end()) m.type_bytes[type] = one->second * count;
}

void read_type(Module& m, std::span<const uint32_t> op, uint32_t code) {
  switch (code) {
    case kOpTypeInt:
    case kOpTypeFloat: m.type_bytes[op[1]] = op[2] / 8; break;
    case kOpTypeVector: set_bytes(m, op[1], op[2], op[3]); break;
    case kOpTypeArray:
      if (m.constant.contains(op[3])) set_bytes(m, op[1], op[2], m.constant[op[3]]);
      break;
    case kOpTypeStruct: m.members[op[1]].assign(op.begin() + 2, op.end()); break;
    case kOpTypePointer: m.pointee[op[1]] = op[3]; break;
    default: break;
  }
}

void read_instruction(Module& m, KernelInfo& info, std::span<const uint32_t> op, uint32_t code) {
  switch (code) {
    case kOpCapability: m.capabilities.push_back(op[1]); break;
    case kOpExecutionMode:
      if (op[2] == kExecutionModeLocalSize) info.local_size = {op[3], op[4], op[5]};
      break;
    case kOpExecutionModeId:
      if (op[2] == kExecutionModeLocalSizeId && m.spec_id.contains(op[3]))
        info.local_size_constant = static_cast<int>(m.spec_id[op[3]]);
      break;
    case kOpDecorate:
    case kOpMemberDecorate: read_decoration(m, op, code); break;
    case kOpConstant: m.constant[op[2]] = op[3]; break;
    case kOpSpecConstantTrue: m.constant[op[2]] = 1; break;
    case kOpSpecConstantFalse: m.constant[op[2]] = 0; break;
    case kOpSpecConstant: m.constant[op[2]] = op[3]; break;
    case kOpConstantComposite:
    case kOpSpecConstantComposite: m.composite[op[2]].assign(op.begin() + 3, op.end()); break;
    case kOpSpecConstantOp: fold(m, op); break;
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

void collect_binding(const Module& m, const Module::Variable& v, KernelInfo& info) {
  const uint32_t binding = m.binding.at(v.id), type = m.pointee.at(v.pointer_type);
  require(binding < 32, ErrorCode::unsupported, "spirv: binding ", binding, "; a kernel has 32 at most");
  info.bindings = std::max(info.bindings, binding + 1);
  if (!all_decorated(m, v, type, kDecorationNonReadable)) info.readable |= 1u << binding;
  if (!all_decorated(m, v, type, kDecorationNonWritable)) info.writable |= 1u << binding;
}

void collect_variables(const Module& m, KernelInfo& info) {
  for (const Module::Variable& v : m.variables) {
    const uint32_t type = m.pointee.at(v.pointer_type);
    if (v.storage == kStoragePushConstant) {
      const auto& members = m.members.at(type);
      for (uint32_t i = 0; i < members.size(); ++i)
        info.push_bytes = std::max(info.push_bytes, m.member_offset.at({type, i}) + m.type_bytes.at(members[i]));
    }
    if (v.storage == kStorageStorageBuffer && m.binding.contains(v.id)) collect_binding(m, v, info);
    if (v.storage == kStorageWorkgroup) {
      require(m.type_bytes.contains(type), ErrorCode::unsupported,
              "spirv: shared memory of a type or length that we cannot count");
      info.shared_bytes += m.type_bytes.at(type);
    }
  }
}

void collect_constants(const Module& m, KernelInfo& info) {
  std::map<uint32_t, uint32_t> by_spec_id;
  for (const auto& [id, spec] : m.spec_id) by_spec_id[spec] = m.constant.contains(id) ? m.constant.at(id) : 0;
  for (const auto& [spec, value] : by_spec_id) {
    require(spec == info.constants, ErrorCode::unsupported, "spirv: specialisation constant ", spec, " where ",
            info.constants, " was expected; they are counted from 0 without a gap");
    require(spec < info.constant_defaults.size(), ErrorCode::unsupported, "spirv: specialisation constant ", spec,
            "; a kernel has ", info.constant_defaults.size(), " at most");
    info.constant_defaults[info.constants++] = value;
  }
  for (const auto& [id, built_in] : m.built_in)  // glslang expresses local_size_x_id through gl_WorkGroupSize
    if (built_in == kBuiltInWorkgroupSize && m.composite.contains(id) && m.spec_id.contains(m.composite.at(id)[0]))
      info.local_size_constant = static_cast<int>(m.spec_id.at(m.composite.at(id)[0]));
}

void collect_capabilities(const Module& m, KernelInfo& info) {
  require(m.capabilities.size() <= info.capabilities.size(), ErrorCode::unsupported, "spirv: ", m.capabilities.size(),
          " capabilities; a kernel declares ", info.capabilities.size(), " at most");
  std::ranges::copy(m.capabilities, info.capabilities.begin());
}

}  // namespace

KernelInfo read_spirv(std::span<const uint32_t> words) {
  require(words.size() > 5 && words[0] == 0x07230203u, ErrorCode::corrupt_data, "spirv: ", words.size(),
          " words that do not begin as a module");
  Module module;
  KernelInfo info;
  for (size_t at = 5; at < words.size();) {
    const uint32_t count = words[at] >> 16;
    require(count > 0 && at + count <= words.size(), ErrorCode::corrupt_data, "spirv: instruction of ", count,
            " words at word ", at, " of ", words.size());
    read_instruction(module, info, words.subspan(at, count), words[at] & 0xffffu);
    at += count;
  }
  collect_variables(module, info);
  collect_constants(module, info);
  collect_capabilities(module, info);
  return info;
}

Kernel make_kernel(const char* name, std::span<const uint32_t> spirv) {
  try {
    return {name, spirv, read_spirv(spirv)};
  } catch (const Error& error) {
    fail(error.code(), "kernel ", name, ": ", error.what());
  }
}

}  // namespace lemnos
