#include "plan/plan.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/text.h"
#include "plan/lowering.h"
#include "plan/memory.h"
#include "plan/recompute.h"

namespace lemnos {

size_t Plan::barriers() const {
  return static_cast<size_t>(std::ranges::count_if(dispatches, &PlannedDispatch::barrier_before));
}

Location persistent_location(const Graph& graph, int value) {
  const int storage = graph.storage_of(value);
  const ValueInfo& info = graph.info(storage);
  const uint64_t bytes = graph.info(value).desc.bytes();
  const uint64_t offset = static_cast<uint64_t>(info.offset) * size_of(info.desc.dtype);
  switch (info.role) {
    case Role::parameter: return {{ArenaKind::parameters, 0}, offset, bytes};
    case Role::gradient: return {{ArenaKind::gradients, 0}, offset, bytes};
    case Role::slot: return {{ArenaKind::slot, info.slot}, offset, bytes};
    default: return {{ArenaKind::value, storage}, 0, bytes};
  }
}

namespace {

class Planner {
 public:
  Planner(const Graph& graph, const DeviceCaps& caps, const PlanOptions& options) : caps_(caps), options_(options) {
    plan_.graph = graph;
    plan_.targets = options.targets;
    plan_.guard_bytes = options.guard_bytes;
  }

  Plan run() {
    rewrite(plan_.graph, options_.targets, options_.rewrites);
    plan_.nodes = needed_nodes(plan_.graph, options_.targets);
    if (options_.recompute) plan_.nodes = recompute(plan_.graph, std::move(plan_.nodes), options_.targets);
    for (int index : plan_.nodes) lower(index);
    locate_persistent();
    place_activations();
    for (PlannedDispatch& dispatch : plan_.dispatches) resolve(dispatch);
    place_barriers(plan_.dispatches);
    plan_.first_update = first_update();
    collect_arenas();
    return std::move(plan_);
  }

 private:
  struct Scratch {
    int first_dispatch;
    uint64_t bytes;
  };

  const SpirvInfo& spirv(const Kernel& kernel) {
    const auto [it, fresh] = spirv_.try_emplace(&kernel);
    if (fresh) it->second = read_spirv(kernel.spirv);
    return it->second;
  }

  void lower(int index) {
    const Node& node = plan_.graph.nodes()[static_cast<size_t>(index)];
    if (!node.op->views.empty()) return;
    require(node.op->lower != nullptr, ErrorCode::unsupported, node.op->name, ": has no kernel");
    for (Lowered& part : lowered(plan_.graph, node, caps_, options_)) append(std::move(part), index);
  }

  void append(Lowered found, int index) {
    for (Dispatch& dispatch : found.dispatches) {
      if (dispatch.groups == 0) continue;  // nothing to do for an empty tensor
      check(dispatch, plan_.graph.nodes()[static_cast<size_t>(index)]);
      for (TensorRef& ref : dispatch.tensors)
        if (ref.scratch >= 0) ref.scratch += static_cast<int>(scratch_.size());
      plan_.cost.bytes += dispatch.cost.bytes;
      plan_.cost.flops += dispatch.cost.flops;
      plan_.dispatches.push_back({.dispatch = std::move(dispatch), .accesses = {}, .node = index});
    }
    scratch_.insert(scratch_.end(), found.scratch_bytes.begin(), found.scratch_bytes.end());
  }

  void check(const Dispatch& dispatch, const Node& node) {
    const SpirvInfo& info = spirv(*dispatch.kernel);
    require(info.bindings.size() == dispatch.tensors.size(), ErrorCode::internal, node.op->name, ": kernel ",
            dispatch.kernel->name, " has ", info.bindings.size(), " bindings, ", dispatch.tensors.size(),
            " were given");
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
      for (int id : plan_.graph.nodes()[static_cast<size_t>(index)].inputs) locate(id);
      for (int id : plan_.graph.nodes()[static_cast<size_t>(index)].outputs) locate(id);
    }
    for (int id : plan_.targets) locate(id);
  }

  bool is_activation(int id) const { return plan_.graph.info(id).role == Role::activation; }

  // Lives by storage, so that views keep what they look at alive.
  std::map<int, Block> lives() const {
    std::map<int, Block> lives;
    const int end = static_cast<int>(plan_.dispatches.size());
    const auto touch = [&](int id, int at) {
      const int storage = plan_.graph.storage_of(id);
      if (!is_activation(storage)) return;
      const auto [it, fresh] = lives.try_emplace(storage, Block{plan_.graph.info(storage).desc.bytes(), at, at});
      if (!fresh) {
        it->second.first = std::min(it->second.first, at);
        it->second.last = std::max(it->second.last, at);
      }
    };
    for (int at = 0; at < end; ++at)
      for (const TensorRef& ref : plan_.dispatches[static_cast<size_t>(at)].dispatch.tensors)
        if (ref.scratch < 0) touch(ref.value, at);
    for (int target : plan_.targets) {
      touch(target, 0);  // kept readable after the step: nobody may share its memory
      touch(target, end);
    }
    return lives;
  }

  // Whose memory a storage has: its own, or that of an input which it took over.
  int owner_of(int storage) const {
    const auto it = predecessor_.find(storage);
    return it == predecessor_.end() ? storage : it->second;
  }

  // An output takes over the memory of an input that dies in the one launch which makes it, where its op can work so.
  void take_over(std::map<int, Block>& lives) {
    const auto node_at = [&](size_t at) { return at < plan_.dispatches.size() ? plan_.dispatches[at].node : -1; };
    for (size_t at = 0; at < plan_.dispatches.size(); ++at) {
      const int index = node_at(at);
      if (node_at(at + 1) == index || (at > 0 && node_at(at - 1) == index)) continue;
      const Node& node = plan_.graph.nodes()[static_cast<size_t>(index)];
      for (const Alias& alias : node.op->inplace) {
        const int in = node.inputs[alias.input], out = node.outputs[alias.output];
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
    for (size_t s = 0; s < scratch_.size(); ++s) {
      Block block{scratch_[s], end, 0};
      for (int at = 0; at < end; ++at)
        for (const TensorRef& ref : plan_.dispatches[static_cast<size_t>(at)].dispatch.tensors)
          if (ref.scratch == static_cast<int>(s)) {
            block.first = std::min(block.first, at);
            block.last = std::max(block.last, at);
          }
      blocks.push_back(share ? block : Block{block.bytes, 0, end});
    }
    const Placement placed = place_blocks(blocks, kAlignment, options_.guard_bytes);
    plan_.activation_bytes = placed.bytes;
    refuse_too_large(owners, blocks);
    std::map<int, uint64_t> offset_of;
    for (size_t i = 0; i < owners.size(); ++i) offset_of[owners[i]] = placed.offsets[i];
    for (size_t id = 0; id < plan_.locations.size(); ++id) {
      const auto it = offset_of.find(owner_of(plan_.graph.storage_of(static_cast<int>(id))));
      if (it == offset_of.end()) continue;
      plan_.locations[id] = {{}, it->second, plan_.graph.values()[id].desc.bytes()};
    }
    for (size_t s = 0; s < scratch_.size(); ++s)
      scratch_locations_.push_back({{}, placed.offsets[owners.size() + s], scratch_[s]});
  }

  void refuse_too_large(const std::vector<int>& owners, const std::vector<Block>& blocks) const {
    uint64_t limit = caps_.max_allocation;
    if (options_.memory_limit) limit = std::min(limit, options_.memory_limit);
    if (plan_.activation_bytes <= limit) return;
    std::vector<size_t> order(owners.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });
    std::string largest;
    for (size_t i = 0; i < std::min<size_t>(3, order.size()); ++i) {
      const ValueInfo& info = plan_.graph.info(owners[order[i]]);
      const char* op = info.producer < 0 ? "input" : plan_.graph.nodes()[static_cast<size_t>(info.producer)].op->name;
      largest += text(i ? ", " : "", op, " ", info.desc, " (", info.desc.bytes(), " bytes)");
    }
    fail(ErrorCode::out_of_memory, "plan: activations take ", plan_.activation_bytes, " bytes, the limit is ", limit,
         "; the largest: ", largest);
  }

  void resolve(PlannedDispatch& planned) {
    const SpirvInfo& info = spirv(*planned.dispatch.kernel);
    for (size_t i = 0; i < planned.dispatch.tensors.size(); ++i) {
      const TensorRef& ref = planned.dispatch.tensors[i];
      Location where = ref.scratch >= 0 ? scratch_locations_[static_cast<size_t>(ref.scratch)]
                                        : plan_.locations[static_cast<size_t>(ref.value)];
      where.offset += ref.offset;
      where.bytes = ref.bytes;
      planned.accesses.push_back({where, info.bindings[i].readable, info.bindings[i].writable});
    }
  }

  int first_update() const {
    for (size_t i = 0; i < plan_.dispatches.size(); ++i)
      if (!plan_.graph.nodes()[static_cast<size_t>(plan_.dispatches[i].node)].op->updates.empty())
        return static_cast<int>(i);
    return static_cast<int>(plan_.dispatches.size());
  }

  void collect_arenas() {
    std::set<ArenaId> arenas;
    for (const PlannedDispatch& dispatch : plan_.dispatches)
      for (const Access& access : dispatch.accesses)
        if (access.where.arena.kind != ArenaKind::activations) arenas.insert(access.where.arena);
    plan_.arenas.assign(arenas.begin(), arenas.end());
  }

  const DeviceCaps& caps_;
  const PlanOptions& options_;
  Plan plan_;
  std::map<const Kernel*, SpirvInfo> spirv_;
  std::map<int, int> predecessor_;  // of a storage that took over another's memory: the first in the row
  std::vector<uint64_t> scratch_;
  std::vector<Location> scratch_locations_;
};

}  // namespace

Plan make_plan(const Graph& graph, const DeviceCaps& caps, const PlanOptions& options) {
  return Planner(graph, caps, options).run();
}

}  // namespace lemnos
