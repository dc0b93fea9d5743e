#include "plan/plan.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/text.h"
#include "plan/loops.h"
#include "plan/lowering.h"
#include "plan/memory.h"
#include "plan/recompute.h"

namespace lemnos {

size_t Plan::barriers() const {
  return static_cast<size_t>(std::ranges::count_if(dispatches, &PlannedDispatch::barrier_before));
}

Location persistent_location(const Graph& graph, int value) {
  const ValueInfo& info = graph.info(value);
  const uint64_t element = size_of(graph.info(graph.storage_of(value)).desc.dtype);
  return {graph.arena_of(value), static_cast<uint64_t>(info.offset) * element, info.desc.bytes()};
}

namespace {

class Planner {
 public:
  Planner(const Graph& graph, const DeviceCaps& caps, const PlanOptions& options) : caps_(caps), options_(options) {
    plan_.graph = graph;
    plan_.identity = graph.identity();
    plan_.needs = options.needs;
    plan_.guard_bytes = options.guard_bytes;
  }

  Plan run() {
    rewrite(plan_.graph, options_.needs, options_.rewrites);
    plan_.nodes = needed_nodes(plan_.graph, options_.needs);
    if (options_.recompute) plan_.nodes = recompute(plan_.graph, std::move(plan_.nodes), options_.needs);
    pin_shared();
    pin_placed();
    find_used();
    for (int index : plan_.nodes) lower(index);
    locate_persistent();
    place_activations();
    for (PlannedDispatch& dispatch : plan_.dispatches) resolve(dispatch);
    for (const auto& [at, paths] : paths_) resolve(plan_.dispatches[static_cast<size_t>(at)], paths);
    for (const auto& [at, counts] : counts_)
      plan_.dispatches[static_cast<size_t>(at)].accesses.push_back({located(counts), true, false});
    place_barriers(plan_.dispatches, plan_.loops);
    plan_.first_update = first_update();
    collect_arenas();
    return std::move(plan_);
  }

 private:
  // Activations that are given, or kept for other programs, live in the graph's memory.
  void pin_shared() {
    for (const std::vector<int>* values : {&options_.needs.given, &options_.kept})
      for (int value : *values) {
        const int storage = plan_.graph.storage_of(value);
        if (is_activation(storage))
          pinned_[storage] = {{ArenaKind::local, storage}, 0, plan_.graph.info(storage).desc.bytes()};
      }
  }

  // Inputs that an op only gathers are computed directly in their place: gradients in their arena.
  void pin_placed() {
    const auto gathers = [&](int index) { return node(index).op->places != nullptr; };
    std::map<ArenaId, int> read;  // by others, the oldest version: nothing may be written over 0 before they have run
    for (int index : plan_.nodes)
      for (int input : node(index).inputs) {
        if (gathers(index) || is_activation(input)) continue;
        const int version = plan_.graph.info(input).version;
        int& oldest = read.try_emplace(plan_.graph.arena_of(input), version).first->second;
        oldest = std::min(oldest, version);
      }
    for (int index : plan_.nodes) {
      if (!gathers(index)) continue;
      const int output = node(index).outputs[0];
      const Location whole = persistent_location(plan_.graph, output);
      const auto oldest = read.find(whole.arena);
      if (oldest != read.end() && oldest->second == 0) continue;
      std::vector<bool>& placed = placed_[index];
      placed.resize(node(index).inputs.size());
      for (const PlacedInput& part : node(index).op->places(node(index))) {
        const int value = node(index).inputs[part.input];
        const TensorDesc& desc = plan_.graph.info(value).desc;
        if (!is_own_result(value)) continue;
        const uint64_t offset = whole.offset + static_cast<uint64_t>(part.offset) * size_of(desc.dtype);
        pinned_[value] = {whole.arena, offset, desc.bytes()};
        placed[part.input] = true;
      }
    }
  }

  // Memory that exactly one node of this plan writes.
  bool is_own_result(int value) const {
    const ValueInfo& info = plan_.graph.info(value);
    return info.producer >= 0 && info.alias < 0 && is_activation(value) && !pinned_.contains(value) &&
           std::ranges::count(options_.needs.given, value) == 0;
  }

  const Node& node(int index) const { return plan_.graph.nodes()[static_cast<size_t>(index)]; }

  void find_used() {
    used_.resize(plan_.graph.values().size());
    for (int target : options_.needs.targets) used_[static_cast<size_t>(target)] = true;
    for (int index : plan_.nodes)
      for (int input : node(index).inputs) used_[static_cast<size_t>(input)] = true;
  }

  void lower(int index) {
    if (node(index).loop) return lower_body(index);
    require(node(index).op->lower != nullptr || !node(index).op->views.empty(), ErrorCode::unsupported,
            node(index).op->name, ": has no kernel");
    if (!node(index).op->views.empty()) return;
    const auto placed = placed_.find(index);
    for (Lowered& part : lowered(plan_.graph, node(index), caps_, options_,
                                 placed == placed_.end() ? std::vector<bool>() : placed->second))
      append(std::move(part), index);
  }

  void append(Lowered found, int index) {
    for (Dispatch& dispatch : found.dispatches) {
      if (dispatch.groups == 0) continue;  // nothing to do for an empty tensor
      check(dispatch, node(index));
      for (TensorRef& ref : dispatch.tensors) shift_scratch(ref);
      add_cost(dispatch.cost, 1);
      plan_.dispatches.push_back({.dispatch = std::move(dispatch), .accesses = {}, .node = index});
    }
    scratch_.insert(scratch_.end(), found.scratch_bytes.begin(), found.scratch_bytes.end());
  }

  void shift_scratch(TensorRef& ref) const {
    if (ref.scratch >= 0) ref.scratch += static_cast<int>(scratch_.size());
  }
  void add_cost(const Cost& cost, uint64_t times) {
    plan_.cost.bytes += cost.bytes * times;
    plan_.cost.flops += cost.flops * times;
  }

  void lower_body(int index) {
    const Node& n = node(index);
    std::vector<bool> used;
    for (int output : n.outputs) used.push_back(used_[static_cast<size_t>(output)]);
    LoweredLoop found = lower_loop(n, used, caps_, options_);
    if (found.dispatches.empty()) return;
    const int number = static_cast<int>(plan_.loops.size()), first = static_cast<int>(plan_.dispatches.size());
    for (LoopDispatch& d : found.dispatches) {
      for (TensorRef& ref : d.dispatch.tensors) shift_scratch(ref);
      for (RefPath& path : d.paths)
        for (TensorRef* ref : {&path.even, &path.odd, &path.first, &path.last}) shift_scratch(*ref);
      shift_scratch(d.counts);
      if (d.counts.bytes) counts_[static_cast<int>(plan_.dispatches.size())] = d.counts;
      add_cost(d.dispatch.cost, static_cast<uint64_t>(n.loop->times));
      paths_[static_cast<int>(plan_.dispatches.size())] = std::move(d.paths);
      plan_.dispatches.push_back(
          {.dispatch = std::move(d.dispatch), .node = index, .loop = number, .body_dispatch = d.body_dispatch});
    }
    scratch_.insert(scratch_.end(), found.scratch_bytes.begin(), found.scratch_bytes.end());
    plan_.loops.push_back({first, static_cast<int>(plan_.dispatches.size()) - first, n.loop->times, found.body});
  }

  void check(const Dispatch& dispatch, const Node& node) {
    const KernelInfo& info = dispatch.kernel->info;
    require(info.bindings > 0, ErrorCode::invalid_argument, node.op->name, ": kernel ", dispatch.kernel->name,
            " has no information about its bindings; create it with make_kernel()");
    require(info.bindings == dispatch.tensors.size(), ErrorCode::internal, node.op->name, ": kernel ",
            dispatch.kernel->name, " has ", info.bindings, " bindings, ", dispatch.tensors.size(), " were given");
    require(info.push_bytes == dispatch.params.bytes(), ErrorCode::internal, node.op->name, ": kernel ",
            dispatch.kernel->name, " takes ", info.push_bytes, " bytes of parameters, ", dispatch.params.bytes(),
            " were given");
    for (const TensorRef& ref : dispatch.tensors)
      require(ref.bytes <= caps_.max_storage_range, ErrorCode::unsupported, node.op->name, ": ",
              ref.scratch >= 0 ? std::string("scratch memory") : to_string(plan_.graph.info(ref.value).desc), " takes ",
              ref.bytes, " bytes; this device binds at most ", caps_.max_storage_range);
    require(dispatch.groups <= std::numeric_limits<uint32_t>::max(), ErrorCode::unsupported, node.op->name, ": ",
            dispatch.groups, " workgroups");
  }

  void locate_persistent() {
    plan_.locations.resize(plan_.graph.values().size());
    const auto locate = [&](int id) {
      if (plan_.graph.info(plan_.graph.storage_of(id)).role != Role::activation)
        plan_.locations[static_cast<size_t>(id)] = persistent_location(plan_.graph, id);
    };
    for (int index : plan_.nodes) {
      for (int id : node(index).inputs) locate(id);
      for (int id : node(index).outputs) locate(id);
    }
    for (int id : plan_.needs.targets) locate(id);
  }

  bool is_activation(int id) const { return plan_.graph.info(id).role == Role::activation; }

  // The kernels' own memory is numbered after the values.
  int values() const { return static_cast<int>(plan_.graph.values().size()); }

  // Lives by storage, so that views keep what they look at alive.
  std::map<int, Block> lives() const {
    std::map<int, Block> lives;
    const int end = static_cast<int>(plan_.dispatches.size());
    const auto extend = [&](int storage, uint64_t bytes, int at) {
      Block& block = lives.try_emplace(storage, Block{bytes, at, at}).first->second;
      block.first = std::min(block.first, at);
      block.last = std::max(block.last, at);
    };
    const auto touch_value = [&](int id, int at) {
      const int storage = plan_.graph.storage_of(id);
      if (is_activation(storage) && !pinned_.contains(storage))
        extend(storage, plan_.graph.info(storage).desc.bytes(), at);
    };
    const auto touch = [&](const TensorRef& ref, int at) {
      if (ref.scratch < 0) return touch_value(ref.value, at);
      extend(values() + ref.scratch, scratch_[static_cast<size_t>(ref.scratch)], at);
    };
    for (int at = 0; at < end; ++at)
      for (const TensorRef& ref : plan_.dispatches[static_cast<size_t>(at)].dispatch.tensors) touch(ref, at);
    // What a loop works on is there from its first iteration to its last.
    for (const auto& [at, paths] : paths_) {
      const PlannedLoop& loop = plan_.loops[static_cast<size_t>(plan_.dispatches[static_cast<size_t>(at)].loop)];
      for (const RefPath& path : paths)
        for (const TensorRef* ref : {&path.even, &path.odd, &path.first, &path.last}) {
          touch(*ref, loop.first);
          touch(*ref, loop.first + loop.count - 1);
        }
    }
    for (int target : plan_.needs.targets) {
      touch_value(target, 0);  // kept readable after the step: nobody may share its memory
      touch_value(target, end);
    }
    return lives;
  }

  // Whose memory a storage has: its own, or that of an input which it took over.
  int owner_of(int storage) const {
    const auto it = predecessor_.find(storage);
    return it == predecessor_.end() ? storage : it->second;
  }

  // An output reuses the memory of an input that ends in the one launch that computes it, if its op allows it.
  void take_over(std::map<int, Block>& lives) {
    const auto node_at = [&](size_t at) { return at < plan_.dispatches.size() ? plan_.dispatches[at].node : -1; };
    for (size_t at = 0; at < plan_.dispatches.size(); ++at) {
      const int index = node_at(at);
      if (node_at(at + 1) == index || (at > 0 && node_at(at - 1) == index)) continue;
      for (const Alias& alias : node(index).op->inplace) {
        const int in = node(index).inputs[alias.input], out = node(index).outputs[alias.output];
        const auto heir = lives.find(plan_.graph.storage_of(out));
        const auto last = lives.find(owner_of(plan_.graph.storage_of(in)));
        if (heir == lives.end() || last == lives.end() || heir == last) continue;
        if (last->second.last != static_cast<int>(at) || heir->second.first != static_cast<int>(at)) continue;
        if (plan_.graph.info(in).desc != plan_.graph.info(out).desc || last->second.bytes != heir->second.bytes)
          continue;
        last->second.last = heir->second.last;
        predecessor_[heir->first] = last->first;
        lives.erase(heir);
        break;
      }
    }
  }

  void place_activations() {
    std::vector<Block> blocks;
    std::vector<int> owners;
    const int end = static_cast<int>(plan_.dispatches.size());
    const bool share = options_.share_memory && options_.guard_bytes == 0;  // a guard must stay as it was to the end
    std::map<int, Block> lives = this->lives();
    if (share) take_over(lives);
    for (const auto& [storage, block] : lives) {
      owners.push_back(storage);
      blocks.push_back(share ? block : Block{block.bytes, 0, end});
    }
    const Placement placed = place_blocks(blocks, kAlignment, options_.guard_bytes);
    plan_.activation_bytes = placed.bytes;
    refuse_too_large(owners, blocks);
    for (size_t i = 0; i < owners.size(); ++i) offset_of_[owners[i]] = placed.offsets[i];
    for (size_t id = 0; id < plan_.locations.size(); ++id) {
      const int storage = plan_.graph.storage_of(static_cast<int>(id));
      const uint64_t bytes = plan_.graph.values()[id].desc.bytes();
      if (const auto pinned = pinned_.find(storage); pinned != pinned_.end())
        plan_.locations[id] = {pinned->second.arena, pinned->second.offset, bytes};
      else if (const auto it = offset_of_.find(owner_of(storage)); it != offset_of_.end())
        plan_.locations[id] = {{}, it->second, bytes};
    }
  }

  void refuse_too_large(const std::vector<int>& owners, const std::vector<Block>& blocks) const {
    uint64_t limit = caps_.max_allocation;
    if (options_.memory_limit) limit = std::min(limit, options_.memory_limit);
    if (plan_.activation_bytes <= limit) return;
    std::vector<size_t> order;
    for (size_t i = 0; i < owners.size() && owners[i] < values(); ++i) order.push_back(i);
    std::ranges::sort(order, [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });
    std::string largest;
    for (size_t i = 0; i < std::min<size_t>(3, order.size()); ++i) {
      const ValueInfo& info = plan_.graph.info(owners[order[i]]);
      const char* op = info.producer < 0 ? "input" : node(info.producer).op->name;
      largest += text(i ? ", " : "", op, " ", info.desc, " (", info.desc.bytes(), " bytes)");
    }
    fail(ErrorCode::out_of_memory, "plan: activations take ", plan_.activation_bytes, " bytes, the limit is ", limit,
         "; the largest: ", largest);
  }

  Location located(const TensorRef& ref) const {
    Location where = ref.scratch >= 0 ? Location{{}, offset_of_.at(values() + ref.scratch)}
                                      : plan_.locations[static_cast<size_t>(ref.value)];
    where.offset += ref.offset;
    where.bytes = ref.bytes;
    return where;
  }

  void resolve(PlannedDispatch& planned) {
    const KernelInfo& info = planned.dispatch.kernel->info;
    for (size_t i = 0; i < planned.dispatch.tensors.size(); ++i)
      planned.accesses.push_back({located(planned.dispatch.tensors[i]), info.reads(i), info.writes(i)});
  }
  void resolve(PlannedDispatch& planned, const std::vector<RefPath>& paths) {
    for (size_t i = 0; i < paths.size(); ++i)
      planned.accesses[i].path =
          std::make_shared<Path>(Path{located(paths[i].even), located(paths[i].odd), located(paths[i].first),
                                      located(paths[i].last), paths[i].stride});
  }

  int first_update() const {
    for (size_t i = 0; i < plan_.dispatches.size(); ++i)
      if (updates_state(plan_.graph, node(plan_.dispatches[i].node))) return static_cast<int>(i);
    return static_cast<int>(plan_.dispatches.size());
  }

  void collect_arenas() {
    std::set<ArenaId> arenas;
    for (const PlannedDispatch& dispatch : plan_.dispatches)
      for (const Access& access : dispatch.accesses) {
        arenas.insert(access.where.arena);
        if (access.path) arenas.insert({access.path->first.arena, access.path->last.arena});
      }
    std::erase_if(arenas, [](const ArenaId& id) { return id.kind == ArenaKind::activations; });
    plan_.arenas.assign(arenas.begin(), arenas.end());
  }

  const DeviceCaps& caps_;
  const PlanOptions& options_;
  Plan plan_;
  std::map<int, Location> pinned_;             // activations that live outside of the plan's own arena
  std::map<int, std::vector<bool>> placed_;    // inputs of nodes with OpDef::places that are made in place
  std::map<int, int> predecessor_;             // of a storage that took over another's memory: the first in the row
  std::vector<bool> used_;                     // by value: a node of the plan reads it, or somebody outside
  std::map<int, std::vector<RefPath>> paths_;  // by dispatch of a loop
  std::map<int, TensorRef> counts_;            // of workgroups, by dispatch of a loop that may end
  std::vector<uint64_t> scratch_;              // bytes of the kernels' own memory
  std::map<int, uint64_t> offset_of_;          // by storage, in the plan's own arena
};

}  // namespace

Plan make_plan(const Graph& graph, const DeviceCaps& caps, const PlanOptions& options) {
  return Planner(graph, caps, options).run();
}

}  // namespace lemnos
