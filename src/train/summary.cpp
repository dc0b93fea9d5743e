#include "base/text.h"
#include "lemnos/train.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {
// What a step holds at most: everything persistent, and the activation arena.
std::string memory_text(const Graph& graph, uint64_t activations) {
  const uint64_t arena = graph.state()->flat().bytes();
  uint64_t slots = 0, data = 0, state = 0;
  for (const auto& [id, entry] : graph.state()->entries()) slots += entry.arena.kind == ArenaKind::slot ? arena : 0;
  for (const ValueInfo& info : graph.values()) {
    if (info.producer >= 0) continue;
    if (info.role == Role::input) data += info.desc.bytes();
    if (info.role == Role::variable || info.role == Role::constant) state += info.desc.bytes();
  }
  return text("memory: parameters ", bytes_text(arena), ", gradients ", bytes_text(arena), ", optimizer ",
              bytes_text(slots), ", data ", bytes_text(data), ", state ", bytes_text(state), ", activations ",
              bytes_text(activations), "; at most ", bytes_text(2 * arena + slots + data + state + activations), "\n");
}
}  // namespace

std::string Trainer::summary(const Shape& example, int64_t batch_size) { return impl_->summary({example}, batch_size); }
std::string Trainer::summary(const data::Dataset& data, int64_t batch_size) {
  return impl_->summary(train::examples_of(data), batch_size);
}

std::string Trainer::Impl::summary(const std::vector<Shape>& shapes, int64_t batch_size) {
  // In a separate graph, because the trainer's graph has only what it runs.
  Graph sketch;
  std::vector<nn::LayerReport> reports;
  const Value state = sketch.variable("state", {Shape{32}, DType::u32});
  nn::Scope sketching(sketch, state, false, options.seed);
  sketching.reports = &reports;
  const std::vector<Value> inputs = train::inputs_of(sketch, "sketch", shapes, batch_size);
  const std::vector<Value> outputs = model(sketching, inputs);
  int64_t total = 0;
  for (Value p : sketch.parameters()) total += p.desc().elements();
  if (reports.empty())  // a function is one layer, of one or more outputs
    for (Value y : outputs) reports.push_back({"", model.kind(), y.shape(), reports.empty() ? total : 0});
  std::string out = padded("layer", 18) + padded("output", 24) + "parameters\n";
  for (Value x : inputs) out += padded("input", 18) + padded(to_string(x.shape()), 24) + "\n";
  for (const nn::LayerReport& r : reports)
    out += padded(r.name + (r.name.empty() ? "" : " ") + r.kind, 18) + padded(to_string(r.output), 24) +
           std::to_string(r.parameters) + "\n";
  out += text("parameters: ", total, " (", bytes_text(static_cast<uint64_t>(total) * 4), ")\n");
  if (training) {
    const PlanSummary plan = training->program->summary();
    out += text("a training step: ", plan.dispatches, " dispatches, ", plan.barriers, " barriers, activations ",
                bytes_text(plan.activation_bytes), "\n");
    out += memory_text(training->graph(), plan.activation_bytes);
  }
  return out;
}

}  // namespace lemnos
