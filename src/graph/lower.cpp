#include "base/text.h"
#include "lemnos/op.h"

namespace lemnos {

Lower::Lower(const Graph& graph, const Node& node, const DeviceCaps& device_caps,
             const Kernel* (*find)(std::string_view), std::string_view forced)
    : caps(device_caps), node_(node), find_(find), forced_(forced) {
  const auto operand = [&](int value) {
    const TensorDesc& desc = graph.info(value).desc;
    return Operand{desc, {value, -1, 0, desc.bytes()}};
  };
  for (int value : node.inputs) inputs_.push_back(operand(value));
  for (int value : node.outputs) outputs_.push_back(operand(value));
}

Lower::Lower(const Lower& whole, const RowWindow& window) : Lower(whole) {
  scratch_bytes_.clear();
  for (size_t i = 0; i < inputs_.size(); ++i)
    if (window.inputs >> i & 1) cut(inputs_[i], window);
  for (Operand& output : outputs_) cut(output, window);
}

void Lower::cut(Operand& operand, const RowWindow& window) {
  const uint64_t row = operand.ref.bytes / static_cast<uint64_t>(operand.desc.shape[0]);
  operand.desc.shape = operand.desc.shape.with(0, window.end - window.begin);
  operand.ref.offset += row * static_cast<uint64_t>(window.begin);
  operand.ref.bytes = row * static_cast<uint64_t>(window.end - window.begin);
}

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
    reasons += (reasons.empty() ? "" : "; ") + std::string(variant.name) + " declined (" + refusal + ")";
  }
  if (reasons.empty()) reasons = text("no variant '", forced_, "'");
  fail(ErrorCode::unsupported, node_.op->name, ": ", reasons);
}

}  // namespace lemnos
