#include <cstdio>

#include "base/text.h"
#include "lemnos/train.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {
std::string padded(const std::string& word, size_t width) {
  return word + std::string(word.size() < width ? width - word.size() : 1, ' ');
}
std::string bytes_text(uint64_t bytes) {
  char out[32];
  if (bytes < 10240)
    std::snprintf(out, sizeof out, "%llu B", static_cast<unsigned long long>(bytes));
  else if (bytes < uint64_t{10} << 20)
    std::snprintf(out, sizeof out, "%.1f KiB", static_cast<double>(bytes) / 1024);
  else
    std::snprintf(out, sizeof out, "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
  return out;
}
// What a step holds at most: everything persistent, and the activation arena.
std::string memory_text(const Graph& graph, uint64_t activations) {
  const auto arena = static_cast<uint64_t>(graph.parameter_arena_elements()) * sizeof(float);
  const uint64_t slots = arena * graph.slot_count();
  uint64_t data = 0, state = 0;
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

std::string Trainer::summary(const Shape& example, int64_t batch_size) {
  // In a graph of its own: the trainer's keeps only what it runs.
  Graph graph;
  std::vector<nn::LayerReport> reports;
  const Value state = graph.variable("state", {Shape{32}, DType::u32});
  nn::Scope scope(graph, state, false, impl_->options.seed);
  scope.reports = &reports;
  std::vector<int64_t> dims{batch_size};
  dims.insert(dims.end(), example.begin(), example.end());
  const Value x = graph.input("x", {Shape(dims), DType::f32});
  const Value y = impl_->model(scope, x);
  if (reports.empty()) reports.push_back({"", impl_->model.kind(), y.shape(), 0});
  int64_t total = 0;
  for (Value p : graph.parameters()) total += p.desc().elements();
  std::string out = padded("layer", 18) + padded("output", 24) + "parameters\n";
  out += padded("input", 18) + padded(to_string(x.shape()), 24) + "\n";
  for (const nn::LayerReport& r : reports)
    out += padded(r.name + (r.name.empty() ? "" : " ") + r.kind, 18) + padded(to_string(r.output), 24) +
           std::to_string(r.parameters) + "\n";
  out += text("parameters: ", total, " (", bytes_text(static_cast<uint64_t>(total) * 4), ")\n");
  if (impl_->training.program) {
    const PlanSummary plan = impl_->training.program->summary();
    out += text("a training step: ", plan.dispatches, " dispatches, ", plan.barriers, " barriers, activations ",
                bytes_text(plan.activation_bytes), "\n");
    out += memory_text(*impl_->graph, plan.activation_bytes);
  }
  return out;
}

}  // namespace lemnos
