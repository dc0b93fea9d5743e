#include "plan/lowering.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/hash.h"
#include "base/text.h"
#include "graph/print.h"

namespace lemnos {
namespace {

// The variant that the options force on this node, or none.
std::string forced(const Node& node, const PlanOptions& options) {
  const std::string& force = options.force_variant;
  const size_t at = force.find('=');
  const std::string wanted = at == std::string::npos ? force : force.substr(at + 1);
  if (at != std::string::npos && force.substr(0, at) != node.op->name) return {};
  // A word alone means every op that has such a variant.
  const bool has = std::ranges::any_of(node.op->variants, [&](const Variant& v) { return wanted == v.name; });
  return has || at != std::string::npos ? wanted : std::string();
}

Lowered lowered(Lower context) {
  std::vector<Dispatch> dispatches = context.node().op->lower(context);
  return {std::move(dispatches), {context.scratch_bytes().begin(), context.scratch_bytes().end()}};
}

// As measured, where it was and the kernels are still the ones that were measured.
std::optional<Lowered> tuned(const Graph& graph, const Node& node, const DeviceCaps& caps, const PlanOptions& options) {
  if (!options.tuning || node.op->variants.size() < 2) return {};
  const TunedOp* op = options.tuning->find(shape_text(graph, node));
  if (!op || op->variants.empty() || !op->variants[0].refusal.empty()) return {};
  try {
    Lowered found = lowered(Lower(graph, node, caps, options.find_kernel, op->variants[0].variant));
    if (kernels_of(found.dispatches) == op->variants[0].kernels) return found;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
  }
  return {};
}

bool fits(const Lowered& found, const DeviceCaps& caps) {
  return std::ranges::all_of(found.dispatches, [&](const Dispatch& d) {
    return std::ranges::all_of(d.tensors, [&](const TensorRef& t) { return t.bytes <= caps.max_storage_range; });
  });
}

// Slices of a node's rows of which no operand has more bytes than `most`.
std::vector<RowWindow> slices(const Lower& whole, uint32_t inputs, uint64_t most) {
  const int64_t rows = whole.out().shape[0];
  uint64_t each = static_cast<uint64_t>(rows), step = 1;
  const auto fit = [&](uint64_t bytes) {
    const uint64_t row = bytes / static_cast<uint64_t>(rows);
    if (row == 0) return;
    each = std::min(each, most / row);
    step = std::max(step, kAlignment / std::gcd(kAlignment, row));  // where every binding may begin
  };
  for (size_t i = 0; i < whole.inputs(); ++i)
    if (inputs >> i & 1) fit(whole.in(i).bytes());
  for (size_t i = 0; i < whole.outputs(); ++i) fit(whole.out(i).bytes());
  const auto size = static_cast<int64_t>(each / step * step);
  std::vector<RowWindow> windows;
  for (int64_t at = 0; size > 0 && at < rows; at += size) windows.push_back({at, std::min(rows, at + size), inputs});
  return windows;
}

// The node in the largest slices that the device can bind, the kernels' own memory included; none where its rows hang
// together.
std::vector<Lowered> sliced(const Lower& whole) {
  const uint32_t inputs = whole.node().op->by_rows ? whole.node().op->by_rows(whole) : 0;
  if (inputs == 0 || whole.out().elements() == 0) return {};
  for (uint64_t most = whole.caps.max_storage_range;; most /= 2) {
    std::vector<Lowered> parts;
    for (const RowWindow& window : slices(whole, inputs, most)) parts.push_back(lowered(Lower(whole, window)));
    if (std::ranges::all_of(parts, [&](const Lowered& part) { return fits(part, whole.caps); })) return parts;
  }
}

}  // namespace

uint64_t kernels_of(std::span<const Dispatch> dispatches) {
  Hash hash;
  for (const Dispatch& d : dispatches) hash.bytes(d.kernel->spirv.data(), d.kernel->spirv.size_bytes());
  return hash.value();
}

std::vector<Lowered> lowered(const Graph& graph, const Node& node, const DeviceCaps& caps, const PlanOptions& options,
                             std::vector<bool> placed) {
  const std::string force = forced(node, options);
  Lower whole(graph, node, caps, options.find_kernel, force);
  whole.set_placed(std::move(placed));
  std::optional<Lowered> found = force.empty() ? tuned(graph, node, caps, options) : std::nullopt;
  if (!found) found = lowered(whole);
  std::vector<Lowered> parts;
  if (!fits(*found, caps)) parts = sliced(whole);
  if (parts.empty()) parts.push_back(std::move(*found));
  return parts;
}

}  // namespace lemnos
