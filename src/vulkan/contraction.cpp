#include "vulkan/contraction.h"

#include <cstring>
#include <string_view>

namespace lemnos::vulkan {

namespace {

// Words of the SPIR-V specification, version 1.5.
constexpr uint32_t kHeaderWords = 5, kBoundWord = 3;
enum Op : uint32_t {
  kExtInstImport = 11,
  kExtInst = 12,
  kTypeVoid = 19,
  kDecorate = 71,
  kMemberDecorate = 72,
  kFAdd = 129,
  kFSub = 131,
  kFMul = 133,
  kFDiv = 136,
  kFRem = 140,
  kFMod = 141,
  kVectorTimesScalar = 142,
  kDot = 148,
};
constexpr uint32_t kNoContraction = 42, kFma = 50;

uint32_t head(uint32_t op, uint32_t words) { return words << 16 | op; }

bool rounds(uint32_t op) {
  return op == kFAdd || op == kFSub || op == kFMul || op == kFDiv || (op >= kFRem && op <= kDot);
}

bool imports_glsl(std::span<const uint32_t> instruction) {
  constexpr std::string_view kName = "GLSL.std.450";
  return instruction.size() * 4 >= 8 + kName.size() + 1 &&
         std::memcmp(instruction.data() + 2, kName.data(), kName.size() + 1) == 0;
}

}  // namespace

std::vector<uint32_t> without_contraction(std::span<const uint32_t> module) {
  if (module.size() < kHeaderWords) return {module.begin(), module.end()};
  std::vector<uint32_t> before(module.begin(), module.begin() + kHeaderWords), decorations, after;
  uint32_t bound = module[kBoundWord], glsl = 0;
  bool annotated = false;  // decorations stand between names and types
  for (size_t at = kHeaderWords; at < module.size();) {
    const uint32_t words = module[at] >> 16, op = module[at] & 0xffff;
    if (words == 0 || words > module.size() - at) return {module.begin(), module.end()};
    const std::span<const uint32_t> in = module.subspan(at, words);
    at += words;
    annotated = annotated || op == kDecorate || op == kMemberDecorate || op == kTypeVoid;
    std::vector<uint32_t>& out = annotated ? after : before;
    const auto exactly = [&](uint32_t result) {
      decorations.insert(decorations.end(), {head(kDecorate, 3), result, kNoContraction});
    };
    if (op == kExtInstImport && imports_glsl(in)) glsl = in[1];
    if (op == kExtInst && words == 8 && glsl != 0 && in[3] == glsl && in[4] == kFma) {
      const uint32_t type = in[1], result = in[2], product = bound++;
      out.insert(out.end(), {head(kFMul, 5), type, product, in[5], in[6]});
      out.insert(out.end(), {head(kFAdd, 5), type, result, product, in[7]});
      exactly(product);
      exactly(result);
      continue;
    }
    if (rounds(op)) exactly(in[2]);
    out.insert(out.end(), in.begin(), in.end());
  }
  before[kBoundWord] = bound;
  before.insert(before.end(), decorations.begin(), decorations.end());
  before.insert(before.end(), after.begin(), after.end());
  return before;
}

}  // namespace lemnos::vulkan
