#include "base/text.h"
#include "lemnos/op.h"

namespace lemnos {

TensorRef Lower::scratch(uint64_t bytes) {
  scratch_bytes_.push_back(bytes);
  return {-1, static_cast<int>(scratch_bytes_.size()) - 1, 0, bytes};
}

const Kernel& Lower::kernel(std::string_view name) const {
  const Kernel* found = find_(name);
  require(found != nullptr, ErrorCode::unsupported, node_.op->name, ": this build has no kernel '", name, "'");
  return *found;
}

const char* Lower::variant() const {
  std::string reasons;
  for (const Variant& variant : node_.op->variants) {
    if (!forced_.empty() && forced_ != variant.name) continue;
    const std::string refusal = variant.refuse ? variant.refuse(*this) : std::string();
    if (refusal.empty()) return variant.name;
    reasons += text(reasons.empty() ? "" : "; ", variant.name, " declined (", refusal, ")");
  }
  if (reasons.empty()) reasons = text("no variant '", forced_, "'");
  fail(ErrorCode::unsupported, node_.op->name, ": ", reasons);
}

}  // namespace lemnos
