// The oracle: interprets a graph node by node with the references. No rewrites, no memory sharing, no threads.

#include <algorithm>
#include <map>
#include <new>
#include <set>

#include "base/half.h"
#include "base/machine.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "graph/loop.h"
#include "graph/print.h"
#include "plan/plan.h"
#include "runtime/backends.h"
#include "runtime/compilation.h"
#include "runtime/decomposition.h"
#include "runtime/oracle.h"

namespace lemnos {

namespace {

using Doubles = std::vector<double>;

// All memory is doubles. A system may promise more than it has and end the process later, so we ask before.
void require_memory(uint64_t elements, const TensorDesc& largest, const char* what) {
  const uint64_t limit = physical_memory() / sizeof(double);
  require(elements <= limit, ErrorCode::out_of_memory, "cpu: ", what, " of ", elements,
          " doubles, the machine has room for ", limit, "; the largest is ", largest);
}

// Memory by arena, in doubles that hold values of the arena's dtype.
class CpuArenas {
 public:
  Doubles* find(const ArenaId& id) {
    const auto found = arenas_.find(id);
    return found == arenas_.end() ? nullptr : &found->second;
  }
  Doubles& make(const ArenaId& id, const TensorDesc& desc) {
    require_memory(static_cast<uint64_t>(desc.elements()), desc, "memory");
    return arenas_.emplace(id, Doubles(static_cast<size_t>(desc.elements()), 0.0)).first->second;
  }

 private:
  std::map<ArenaId, Doubles> arenas_;
};

void fill_cpu(Doubles& arena, const TensorDesc& desc, int64_t offset,
              const std::shared_ptr<const std::vector<std::byte>>& initial) {
  if (initial) decode(desc.dtype, initial->data(), arena.data() + offset, static_cast<size_t>(desc.elements()));
}

// The memory of a state.
class CpuState {
 public:
  explicit CpuState(std::shared_ptr<ModelState> layout) : layout_(std::move(layout)) {}

  const std::shared_ptr<ModelState>& layout() const { return layout_; }
  Doubles& arena(const ArenaId& id) {
    if (Doubles* known = arenas_.find(id)) return *known;
    const bool flat = id.kind != ArenaKind::variable;
    if (flat) layout_held_ = layout_->hold_parameters();
    Doubles& made = arenas_.make(id, flat ? layout_->flat() : layout_->entry(id.index).desc);
    for (const auto& [number, entry] : layout_->entries())
      if (entry.arena == id) fill_cpu(made, entry.desc, entry.offset, entry.initial);
    return made;
  }

 private:
  std::shared_ptr<ModelState> layout_;
  std::shared_ptr<const void> layout_held_;  // once a flat arena has memory
  CpuArenas arenas_;
};

// What the programs of one graph use: the state's memory, and its own inputs, constants and scratch variables.
class CpuMemory {
 public:
  explicit CpuMemory(std::shared_ptr<CpuState> state) : state_(std::move(state)) {}

  std::span<double> of(const Graph& graph, int value) {
    const ValueInfo& info = graph.info(value);
    ArenaId id = graph.arena_of(value);
    if (id.kind == ArenaKind::activations) id.kind = ArenaKind::local;  // one that programs share
    if (id.kind != ArenaKind::local) return part(state_->arena(id), info.offset, info.desc);
    const ValueInfo& own = graph.info(id.index);
    Doubles* known = local_.find(id);
    if (!known) {
      known = &local_.make(id, own.desc);
      fill_cpu(*known, own.desc, 0, own.initial);
    }
    return part(*known, 0, info.desc);
  }
  const std::shared_ptr<CpuState>& state() const { return state_; }
  bool holds(int storage) { return local_.find({ArenaKind::local, storage}) != nullptr; }

 private:
  static std::span<double> part(Doubles& arena, int64_t offset, const TensorDesc& desc) {
    return std::span(arena).subspan(static_cast<size_t>(offset), static_cast<size_t>(desc.elements()));
  }

  std::shared_ptr<CpuState> state_;
  CpuArenas local_;
};

class CpuProgram final : public Program {
 public:
  CpuProgram(const Graph& graph, std::shared_ptr<CpuMemory> memory, const Needs& needs, std::span<const int> kept,
             bool round = true)
      : graph_(graph),
        identity_(graph.identity()),
        memory_(std::move(memory)),
        round_(round),
        nodes_(needed_nodes(graph, needs)) {
    for (const std::span<const int> values : {std::span<const int>(needs.given), kept})
      for (int value : values)
        if (graph.info(value).role == Role::activation) shared_.insert(graph.storage_of(value));
    for (int storage : shared_) (void)memory_->of(graph_, storage);
  }

  Status run(uint32_t steps) override try {
    for (uint32_t i = 0; i < steps; ++i) {
      for (; next_ < nodes_.size(); ++next_) interpret(next_);
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
      const Stopwatch clock;
      interpret(next_);
      now.microseconds += clock.microseconds();
      ++now.segments;
      next_ = (next_ + 1) % nodes_.size();
      if (next_ == 0) ++now.steps;
    }
    now.total_steps = total_steps_ += now.steps;
    spent_ += now.microseconds;
    interpreted_ += now.segments;
    now.step_done = nodes_.empty() ? 0 : static_cast<double>(next_) / static_cast<double>(nodes_.size());
    if (done) *done = now;
    return Status::ok;
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
    const Stopwatch clock;
    (void)run(steps);
    profile.replayed_microseconds = steps ? clock.microseconds() / steps : 0;
    for (uint32_t step = 0; step < steps; ++step)
      for (size_t i = 0; i < nodes_.size(); ++i) {
        const double begin = clock.microseconds();
        interpret(i);
        profile.launches[i].steps.push_back({begin, clock.microseconds()});
      }
    total_steps_ += steps;
    return profile;
  }

  void read(Value value, std::span<std::byte> bytes) override {
    // What belongs to the state is the same in every graph on it.
    const bool of_state = value && value.graph().state() == graph_.state() && value.graph().info(value).entry >= 0;
    const int id = of_state ? value.id() : id_in(identity_, value, "read");
    const TensorDesc& desc = value.desc();
    require(bytes.size() == desc.bytes(), ErrorCode::shape_mismatch, "read: ", bytes.size(), " bytes for ", desc);
    require(of_state || static_cast<size_t>(id) < graph_.values().size(), ErrorCode::not_found,
            "read: the program was compiled before value %", id, ' ', desc, " was added to its graph");
    const std::span<double> array = of_state ? memory_->of(value.graph(), id) : array_of(id);
    require(array.size() == static_cast<size_t>(desc.elements()), ErrorCode::not_found,
            "read: the program does not compute value %", id, ' ', desc);
    encode(desc.dtype, array.data(), bytes.data(), array.size());
  }

  PlanSummary summary() const override { return {.dispatches = nodes_.size()}; }
  std::string describe() const override { return to_string(graph_, nodes_); }
  void poison() override {
    calls_.clear();
    activations_.clear();
    bodies_.clear();
    next_ = 0;
  }
  /// What the last run made of a value.
  std::span<const double> doubles(int value) { return array_of(value); }
  std::vector<std::string> damaged_guards() override { return {}; }

 private:
  const Node& node(size_t i) const { return graph_.nodes()[static_cast<size_t>(nodes_[i])]; }
  // The update phase is not interrupted: between calls persistent memory is that of a whole number of steps.
  bool updating() const { return next_ > 0 && updates_state(graph_, node(next_ - 1)); }

  std::span<double> array_of(int value) {
    const int storage = graph_.storage_of(value);
    const bool own = graph_.info(storage).role == Role::activation && !shared_.contains(storage);
    return own ? std::span(activations_[storage]) : memory_->of(graph_, value);
  }

  void make_room(const Node& node) {
    for (int id : node.outputs)
      if (graph_.info(id).role == Role::activation && !shared_.contains(id))
        activations_[id].resize(static_cast<size_t>(graph_.info(id).desc.elements()));
  }

  // The body runs as a program of its own.
  void interpret(const Node& node, const Loop& loop) {
    std::unique_ptr<CpuProgram>& body = bodies_[&loop];
    if (!body)
      body = std::make_unique<CpuProgram>(*loop.body, std::make_shared<CpuMemory>(memory_->state()), loop.needs(),
                                          std::span<const int>(), round_);
    const size_t carried = loop.carried.size(), sliced = loop.sliced.size();
    const auto copy = [&](std::span<const double> from, int bound) {
      const std::span<double> to = body->array_of(bound);
      std::ranges::copy(from.first(to.size()), to.begin());
    };
    for (size_t i = 0; i < loop.inputs(); ++i)
      if (i < carried || i >= carried + sliced) copy(array_of(node.inputs[i]), loop.bound(i));
    make_room(node);
    const auto row_of = [&](int value, int64_t row) {
      const std::span<double> whole = array_of(value);
      const size_t elements = whole.size() / static_cast<size_t>(loop.times);
      return whole.subspan(static_cast<size_t>(row) * elements, elements);
    };
    const bool may_end = loop.may_end();
    for (int64_t k = 0; k < loop.times; ++k) {
      for (size_t i = 0; i < sliced; ++i) copy(row_of(node.inputs[carried + i], loop.row(k)), loop.sliced[i]);
      if (may_end && body->array_of(loop.bound(static_cast<size_t>(loop.ended)))[0] != 0)
        leave_out(*body, loop);
      else if (body->run(1) != Status::ok)
        throw std::bad_alloc();
      for (size_t i = carried; i < node.outputs.size(); ++i)
        std::ranges::copy(body->array_of(loop.result(i)), row_of(node.outputs[i], loop.row(k)).begin());
      for (const Loop::Carried& c : loop.carried) copy(body->array_of(c.out), c.in);
    }
    for (size_t i = 0; i < carried; ++i)
      std::ranges::copy(body->array_of(loop.carried[i].out), array_of(node.outputs[i]).begin());
  }

  // An iteration after the end.
  static void leave_out(CpuProgram& body, const Loop& loop) {
    for (const Loop::Stacked& s : loop.stacked) std::ranges::fill(body.array_of(s.value), 0.0);
    for (const Loop::Carried& c : loop.carried) std::ranges::copy(body.array_of(c.in), body.array_of(c.out).begin());
  }

  // A node with its memory: made before the node is interpreted first, so that later steps allocate nothing.
  struct Call {
    Reference reference;
    std::unique_ptr<CpuProgram> parts;  // of a fused op: the smaller ops that define it, in double throughout
    std::vector<std::span<double>> part_inputs;
    std::vector<int> part_outputs;
  };

  Call& call(size_t i) {
    calls_.resize(nodes_.size());
    if (calls_[i]) return *calls_[i];
    const Node& n = node(i);
    Call made{.reference = {n, {}, {}, {}, {}}, .parts = {}, .part_inputs = {}, .part_outputs = {}};
    Reference& reference = made.reference;
    make_room(n);
    for (int id : n.inputs) {
      reference.in_desc.push_back(graph_.info(id).desc);
      reference.in.push_back(array_of(id));
    }
    for (int id : n.outputs) {
      reference.out_desc.push_back(graph_.info(id).desc);
      reference.out.push_back(array_of(id));
    }
    if (const std::optional<Decomposition> parts = decomposition_of(reference)) {
      const auto memory = std::make_shared<CpuMemory>(std::make_shared<CpuState>(parts->graph.state()));
      for (int input : parts->inputs) made.part_inputs.push_back(memory->of(parts->graph, input));
      made.part_outputs = parts->outputs;
      made.parts = std::make_unique<CpuProgram>(parts->graph, memory, Needs{.targets = parts->outputs},
                                                std::span<const int>(), false);
    }
    calls_[i] = std::make_unique<Call>(std::move(made));
    return *calls_[i];
  }

  static void compute_by_parts(Call& c) {
    for (size_t i = 0; i < c.part_inputs.size(); ++i) std::ranges::copy(c.reference.in[i], c.part_inputs[i].begin());
    if (c.parts->run(1) != Status::ok) throw std::bad_alloc();
    for (size_t i = 0; i < c.part_outputs.size(); ++i)
      std::ranges::copy(c.parts->array_of(c.part_outputs[i]), c.reference.out[i].begin());
  }

  void interpret(size_t i) {
    if (node(i).loop) return interpret(node(i), *node(i).loop);
    const OpDef& op = *node(i).op;
    if (!op.views.empty()) return;
    Call& now = call(i);
    if (now.parts) {
      compute_by_parts(now);
    } else {
      require(op.reference != nullptr, ErrorCode::unsupported, op.name, ": has no reference");
      op.reference(now.reference);
    }
    for (size_t out = 0; out < now.reference.out.size(); ++out) {
      const DType dtype = now.reference.out_desc[out].dtype;
      if (round_ && is_floating(dtype))
        for (double& v : now.reference.out[out]) v = round_to(dtype, v);
    }
  }

  const Graph graph_;  // the caller's may grow, or go
  const std::shared_ptr<const void> identity_;
  std::shared_ptr<CpuMemory> memory_;
  bool round_;
  std::vector<int> nodes_;
  std::set<int> shared_;  // activations that live with the graph
  std::map<int, Doubles> activations_;
  std::map<const Loop*, std::unique_ptr<CpuProgram>> bodies_;  // of the loops
  std::vector<std::unique_ptr<Call>> calls_;                   // by position in nodes_
  size_t next_ = 0;                                            // node of the step under way
  uint64_t total_steps_ = 0, interpreted_ = 0;
  double spent_ = 0;  // microseconds
};

class CpuSession final : public Session {
 public:
  CpuSession(std::shared_ptr<ModelState> state, const DeviceInfo& info)
      : info_(info), state_(std::make_shared<CpuState>(std::move(state))) {}

  const DeviceInfo& info() const override { return info_; }
  const std::shared_ptr<ModelState>& state() const override { return state_->layout(); }
  std::unique_ptr<Program> compile(const CompileOptions& options) override {
    const Compilation wanted(state(), options);
    require_fits(wanted.graph(), needed_nodes(wanted.graph(), wanted.needs()));
    return std::make_unique<CpuProgram>(wanted.graph(), memory_of(wanted.graph()), wanted.needs(), wanted.kept());
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
  static void require_fits(const Graph& graph, const std::vector<int>& nodes) {
    uint64_t elements = 0;
    TensorDesc largest;
    for (int at : nodes)
      for (int id : graph.nodes()[static_cast<size_t>(at)].outputs) {
        const ValueInfo& info = graph.info(id);
        if (info.role != Role::activation || info.alias >= 0) continue;
        elements += static_cast<uint64_t>(info.desc.elements());
        if (info.desc.elements() > largest.elements()) largest = info.desc;
      }
    require_memory(elements, largest, "activations");
  }

  /// Kept as long as the graph or a program of it is there.
  const std::shared_ptr<CpuMemory>& memory_of(const Graph& graph) {
    std::erase_if(memories_, [](const auto& entry) { return entry.first.expired(); });
    std::shared_ptr<CpuMemory>& memory = memories_[graph.identity()];
    if (!memory) memory = std::make_shared<CpuMemory>(state_);
    return memory;
  }

  std::span<double> part(Value value, size_t bytes, size_t offset, const char* who) {
    const int id = id_on(state(), value, who);
    const Graph& graph = value.graph();
    CpuMemory& memory = *memory_of(graph);
    const bool shared = memory.holds(graph.storage_of(id)) && graph.info(id).role == Role::activation;
    (void)location_on(state(), value, bytes, offset, who, shared);
    const size_t element = size_of(value.dtype());
    require(bytes % element == 0 && offset % element == 0, ErrorCode::out_of_range, who, ": ", bytes, " bytes at ",
            offset, " of '", value.name(), "' ", value.desc(), ", whose elements take ", element);
    return memory.of(graph, id).subspan(offset / element, bytes / element);
  }

  const DeviceInfo info_;  // the backend may go before
  std::shared_ptr<CpuState> state_;
  std::map<std::weak_ptr<const void>, std::shared_ptr<CpuMemory>, std::owner_less<>> memories_;
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
  std::unique_ptr<Session> open(std::shared_ptr<ModelState> state, const SessionOptions&) override {
    return std::make_unique<CpuSession>(std::move(state), info_);
  }

 private:
  DeviceInfo info_;
};

std::vector<DeviceInfo> list() { return {CpuBackend().info()}; }

std::shared_ptr<Backend> open(const DeviceRequest& request, const OpLibrary&) {
  require(request.preset.empty(), ErrorCode::invalid_argument, "cpu: the reference does not support presets such as '",
          request.preset, "'");
  return make_cpu_backend();
}

}  // namespace

std::vector<std::vector<double>> evaluate(const Graph& graph, std::span<const int> targets,
                                          const std::map<int, std::vector<double>>& inputs, bool round) {
  const auto memory = std::make_shared<CpuMemory>(std::make_shared<CpuState>(graph.state()));
  for (const auto& [id, values] : inputs) {
    const std::span<double> array = memory->of(graph, id);
    require(array.size() == values.size(), ErrorCode::shape_mismatch, "evaluate: ", values.size(), " values for '",
            graph.info(id).name, "' ", graph.info(id).desc);
    std::ranges::copy(values, array.begin());
  }
  CpuProgram program(graph, memory, {.targets = {targets.begin(), targets.end()}}, {}, round);
  (void)program.run(1);
  std::vector<std::vector<double>> results;
  for (int target : targets) {
    const std::span<const double> made = program.doubles(target);
    results.emplace_back(made.begin(), made.end());
  }
  return results;
}

std::shared_ptr<Backend> make_cpu_backend() { return std::make_shared<CpuBackend>(); }

extern const BackendRow cpu_row;  // the table is made by the build
const BackendRow cpu_row = {"cpu", list, open};

}  // namespace lemnos
