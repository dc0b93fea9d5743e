// The oracle: interprets a graph node by node with the references. No rewrites, no memory sharing, no threads.

#include <algorithm>
#include <chrono>
#include <map>
#include <new>

#include "base/half.h"
#include "base/machine.h"
#include "base/text.h"
#include "graph/print.h"
#include "plan/plan.h"
#include "runtime/backends.h"
#include "runtime/oracle.h"
#include "runtime/value_id.h"

namespace lemnos {

namespace {

using Doubles = std::vector<double>;

// All memory is doubles. A system may promise more than it has and end the process later, so we ask before.
void require_memory(uint64_t elements, const TensorDesc& largest, const char* what) {
  const uint64_t limit = physical_memory() / sizeof(double);
  require(elements <= limit, ErrorCode::out_of_memory, "cpu: ", what, " of ", elements,
          " doubles, the machine has room for ", limit, "; the largest is ", largest);
}

// Persistent memory by arena, in doubles that hold values of the arena's dtype.
class CpuMemory {
 public:
  explicit CpuMemory(const Graph& graph) : graph_(graph) {}

  std::span<double> of(int value) {
    const Location where = persistent_location(graph_, value);
    Doubles& arena = arena_of(where.arena, value);
    const size_t element = size_of(graph_.info(graph_.storage_of(value)).desc.dtype);
    return std::span(arena).subspan(where.offset / element, static_cast<size_t>(graph_.info(value).desc.elements()));
  }

 private:
  Doubles& arena_of(const ArenaId& id, int value) {
    const auto [it, fresh] = arenas_.try_emplace(id);
    Doubles& arena = it->second;
    if (!fresh) return arena;
    const bool flat = id.kind != ArenaKind::value;
    const int storage = graph_.storage_of(value);
    const int64_t elements = flat ? graph_.parameter_arena_elements() : graph_.info(storage).desc.elements();
    require_memory(static_cast<uint64_t>(elements), graph_.info(storage).desc, "memory");
    arena.assign(static_cast<size_t>(elements), 0.0);
    if (id.kind == ArenaKind::parameters)
      for (Value p : graph_.parameters()) fill(arena, graph_.info(p));
    else if (id.kind != ArenaKind::gradients)
      fill(arena, slot_or_value(id, storage));
    return arena;
  }

  const ValueInfo& slot_or_value(const ArenaId& id, int storage) const {
    if (id.kind == ArenaKind::value) return graph_.info(storage);
    return *std::ranges::find_if(graph_.values(), [&](const ValueInfo& v) {
      return v.role == Role::slot && v.slot == id.index && v.producer < 0;
    });
  }

  static void fill(Doubles& arena, const ValueInfo& info) {
    if (info.initial)
      decode(info.desc.dtype, info.initial->data(), arena.data() + info.offset,
             static_cast<size_t>(info.desc.elements()));
  }

  const Graph& graph_;
  std::map<ArenaId, Doubles> arenas_;
};

class CpuProgram final : public Program {
 public:
  CpuProgram(const Graph& graph, CpuMemory& memory, std::span<const int> targets, bool round = true)
      : graph_(graph), memory_(memory), round_(round), nodes_(needed_nodes(graph, targets)) {}

  Status run(uint32_t steps) override try {
    for (uint32_t i = 0; i < steps; ++i) {
      for (; next_ < nodes_.size(); ++next_) interpret(node(next_));
      next_ = 0;
    }
    total_steps_ += steps;
    return Status::ok;
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory;
  }

  Status advance(const Budget& budget, Advanced* done) override {
    Advanced now;
    while (!nodes_.empty() && (updating() || now.microseconds < budget.microseconds) &&
           (budget.steps == 0 || now.steps < budget.steps)) {
      const auto begin = std::chrono::steady_clock::now();
      interpret(node(next_));
      now.microseconds += std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
      ++now.segments;
      next_ = (next_ + 1) % nodes_.size();
      if (next_ == 0) ++now.steps;
    }
    total_steps_ += now.steps;
    spent_ += now.microseconds;
    interpreted_ += now.segments;
    return report(now, done);
  }

  void cancel() override { next_ = 0; }

  double step_microseconds() const override {
    return interpreted_ ? spent_ / static_cast<double>(interpreted_) * static_cast<double>(nodes_.size()) : 0;
  }
  Status wait() override { return Status::ok; }

  Profile profile(uint32_t steps) override {
    Profile profile{
        .device = "cpu", .driver = "lemnos reference", .driver_version = "double precision", .steps = steps};
    for (size_t i = 0; i < nodes_.size(); ++i) {
      const Node& n = node(i);
      const TensorDesc result = n.outputs.empty() ? TensorDesc{} : graph_.info(n.outputs[0]).desc;
      profile.launches.push_back({.op = n.op->name, .result = n.outputs.empty() ? "" : text(result), .groups = 1});
    }
    const auto began = std::chrono::steady_clock::now();
    const auto now = [&] {
      return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count();
    };
    (void)run(steps);
    profile.replayed_microseconds = steps ? now() / steps : 0;
    for (uint32_t step = 0; step < steps; ++step)
      for (size_t i = 0; i < nodes_.size(); ++i) {
        const double begin = now();
        interpret(node(i));
        profile.launches[i].steps.push_back({begin, now()});
      }
    total_steps_ += steps;
    return profile;
  }

  void read(Value value, std::span<std::byte> bytes) override {
    const int id = id_in(graph_, value, "read");
    const TensorDesc& desc = graph_.info(id).desc;
    require(bytes.size() == desc.bytes(), ErrorCode::shape_mismatch, "read: ", bytes.size(), " bytes for ", desc);
    const std::span<double> array = array_of(id);
    require(array.size() == static_cast<size_t>(desc.elements()), ErrorCode::not_found,
            "read: the program does not compute value %", id, ' ', desc);
    encode(desc.dtype, array.data(), bytes.data(), array.size());
  }

  PlanSummary summary() const override { return {.dispatches = nodes_.size()}; }
  std::string describe() const override { return to_string(graph_, nodes_); }
  void poison() override {
    activations_.clear();
    next_ = 0;
  }
  std::vector<double> doubles(int value) {
    const std::span<double> array = array_of(value);
    return {array.begin(), array.end()};
  }
  std::vector<std::string> damaged_guards() override { return {}; }

 private:
  const Node& node(size_t i) const { return graph_.nodes()[static_cast<size_t>(nodes_[i])]; }
  // The update phase is not interrupted: between calls persistent memory is that of a whole number of steps.
  bool updating() const { return next_ > 0 && !node(next_ - 1).op->updates.empty(); }
  Status report(Advanced& now, Advanced* done) const {
    now.total_steps = total_steps_;
    now.step_done = nodes_.empty() ? 0 : static_cast<double>(next_) / static_cast<double>(nodes_.size());
    if (done) *done = now;
    return Status::ok;
  }

  std::span<double> array_of(int value) {
    const int storage = graph_.storage_of(value);
    if (graph_.info(storage).role != Role::activation) return memory_.of(value);
    return activations_[storage];
  }

  void interpret(const Node& node) {
    if (!node.op->views.empty()) return;
    Reference context{node, {}, {}, {}, {}};
    for (int id : node.inputs) {
      context.in_desc.push_back(graph_.info(id).desc);
      context.in.push_back(array_of(id));
    }
    for (int id : node.outputs) {
      const TensorDesc& desc = graph_.info(id).desc;
      if (graph_.info(id).role == Role::activation) activations_[id].resize(static_cast<size_t>(desc.elements()));
      context.out_desc.push_back(desc);
      context.out.push_back(array_of(id));
    }
    require(node.op->reference != nullptr, ErrorCode::unsupported, node.op->name, ": has no reference");
    node.op->reference(context);
    for (size_t i = 0; i < context.out.size(); ++i) {
      const DType dtype = context.out_desc[i].dtype;
      if (round_ && is_floating(dtype))
        for (double& v : context.out[i]) v = round_to(dtype, v);
    }
  }

  const Graph& graph_;
  CpuMemory& memory_;
  bool round_;
  std::vector<int> nodes_;
  std::map<int, Doubles> activations_;
  size_t next_ = 0;  // node of the step under way
  uint64_t total_steps_ = 0, interpreted_ = 0;
  double spent_ = 0;  // microseconds
};

class CpuSession final : public Session {
 public:
  CpuSession(const Graph& graph, const DeviceInfo& info) : graph_(graph), info_(info), memory_(graph) {}

  const DeviceInfo& info() const override { return info_; }
  const Graph& graph() const override { return graph_; }
  std::unique_ptr<Program> compile(const CompileOptions& options) override {
    std::vector<int> targets;
    for (Value v : options.targets) targets.push_back(id_in(graph_, v, "compile"));
    require_fits(needed_nodes(graph_, targets));
    return std::make_unique<CpuProgram>(graph_, memory_, targets);
  }
  void write(Value value, std::span<const std::byte> bytes, size_t offset) override {
    const std::span<double> array = part(value, bytes.size(), offset, "write");
    decode(value.dtype(), bytes.data(), array.data(), array.size());
  }
  uint64_t handed_over() const override { return 0; }  // a run is over when it returns
  void write_after(uint64_t, Value value, std::span<const std::byte> bytes, size_t offset) override {
    write(value, bytes, offset);
  }
  void read(Value value, std::span<std::byte> bytes, size_t offset) override {
    const std::span<double> array = part(value, bytes.size(), offset, "read");
    encode(value.dtype(), array.data(), bytes.data(), array.size());
  }
  DeviceCounters counters() const override { return {}; }
  std::vector<std::string> damaged_guards() override { return {}; }

 private:
  // What a program makes is kept until the next run.
  void require_fits(const std::vector<int>& nodes) const {
    uint64_t elements = 0;
    TensorDesc largest;
    for (int at : nodes)
      for (int id : graph_.nodes()[static_cast<size_t>(at)].outputs) {
        const ValueInfo& info = graph_.info(id);
        if (info.role != Role::activation || info.alias >= 0) continue;
        elements += static_cast<uint64_t>(info.desc.elements());
        if (info.desc.elements() > largest.elements()) largest = info.desc;
      }
    require_memory(elements, largest, "activations");
  }

  std::span<double> part(Value value, size_t bytes, size_t offset, const char* who) {
    const int id = id_in(graph_, value, who);
    const TensorDesc& desc = value.desc();
    const size_t element = size_of(desc.dtype);
    require(graph_.info(graph_.storage_of(id)).role != Role::activation, ErrorCode::not_found, who, ": value %", id,
            ' ', desc, " has no memory of its own; read it from its program");
    require(bytes + offset <= desc.bytes() && bytes % element == 0 && offset % element == 0, ErrorCode::out_of_range,
            who, ": ", bytes, " bytes at ", offset, " of '", value.name(), "' ", desc, ", which has ", desc.bytes());
    return memory_.of(id).subspan(offset / element, bytes / element);
  }

  const Graph& graph_;
  const DeviceInfo info_;  // the backend may go before
  CpuMemory memory_;
};

class CpuBackend final : public Backend {
 public:
  CpuBackend() {
    info_.type = DeviceType::cpu_reference;
    info_.name = "cpu";
    info_.driver = "lemnos reference";
    info_.driver_version = "double precision";
  }
  const DeviceInfo& info() const override { return info_; }
  std::unique_ptr<Session> open(const Graph& graph, const SessionOptions&) override {
    return std::make_unique<CpuSession>(graph, info_);
  }

 private:
  DeviceInfo info_;
};

}  // namespace

std::vector<std::vector<double>> evaluate(const Graph& graph, std::span<const int> targets,
                                          const std::map<int, std::vector<double>>& inputs, bool round) {
  CpuMemory memory(graph);
  for (const auto& [id, values] : inputs) {
    const std::span<double> array = memory.of(id);
    require(array.size() == values.size(), ErrorCode::shape_mismatch, "evaluate: ", values.size(), " values for '",
            graph.info(id).name, "' ", graph.info(id).desc);
    std::ranges::copy(values, array.begin());
  }
  CpuProgram program(graph, memory, targets, round);
  (void)program.run(1);
  std::vector<std::vector<double>> results;
  for (int target : targets) results.push_back(program.doubles(target));
  return results;
}

std::shared_ptr<Backend> make_cpu_backend() { return std::make_shared<CpuBackend>(); }

}  // namespace lemnos
