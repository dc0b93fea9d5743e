#include "graph/needs.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "lemnos/op.h"

namespace lemnos {

namespace {

std::string name_of(const Graph& graph, int value) {
  const ValueInfo& info = graph.info(value);
  const std::string& name = info.name.empty() ? graph.info(graph.storage_of(value)).name : info.name;
  return name.empty() ? text("value %", value) : text('\'', name, '\'');
}

class Search {
 public:
  Search(const Graph& graph, const Needs& needs)
      : graph_(graph), needs_(needs), needed_(graph.nodes().size()), is_given_(graph.values().size()) {
    for (int value : needs.given) is_given_[static_cast<size_t>(value)] = true;
  }

  std::vector<int> run() {
    mark();
    std::vector<int> order = early_first();
    require_newest(order);
    return order;
  }

 private:
  const Node& node(int index) const { return graph_.nodes()[static_cast<size_t>(index)]; }
  bool is_given(int value) const { return is_given_[static_cast<size_t>(value)]; }

  void mark() {
    std::vector<bool> read(graph_.values().size());
    std::vector<int> open = needs_.targets;
    while (!open.empty()) {
      const int value = open.back(), producer = graph_.info(value).producer;
      open.pop_back();
      read[static_cast<size_t>(value)] = true;
      if (is_given(value) || producer < 0 || needed_[static_cast<size_t>(producer)]) continue;
      needed_[static_cast<size_t>(producer)] = true;
      open.insert(open.end(), node(producer).inputs.begin(), node(producer).inputs.end());
    }
    for (int value : needs_.given)
      if (!read[static_cast<size_t>(value)])
        fail(ErrorCode::invalid_argument, "given: ", name_of(graph_, value), ' ', graph_.info(value).desc,
             " is not read by any node that the targets need");
  }

  std::vector<int> early_first() const {
    std::vector<int> early, late_nodes;
    std::vector<bool> late(needed_.size(), false);
    for (size_t i = 0; i < needed_.size(); ++i) {
      if (!needed_[i]) continue;
      const Node& n = graph_.nodes()[i];
      late[i] = updates_state(graph_, n) || std::ranges::any_of(n.inputs, [&](int input) {
                  const int producer = graph_.info(input).producer;
                  return producer >= 0 && !is_given(input) && late[static_cast<size_t>(producer)];
                });
      (late[i] ? late_nodes : early).push_back(static_cast<int>(i));
    }
    early.insert(early.end(), late_nodes.begin(), late_nodes.end());
    return early;
  }

  // Memory that is updated in place holds one version at a time.
  void require_newest(const std::vector<int>& order) const {
    struct Held {
      int oldest = 0, newest = 0;  // the versions that may be read
    };
    std::map<ArenaId, Held> there;  // {0, 0} where nothing was updated
    for (int value : needs_.given)
      if (const int version = graph_.info(value).version) {
        Held& held = there[graph_.arena_of(value)];
        held.newest = std::max(held.newest, version);
        held.oldest = held.newest;
      }
    for (int index : order) {
      const Node& n = node(index);
      for (int input : n.inputs) {
        const ValueInfo& info = graph_.info(input);
        if (info.role == Role::activation || info.role == Role::constant) continue;
        const auto found = there.find(graph_.arena_of(input));
        const Held held = found == there.end() ? Held{} : found->second;
        if (info.version < held.oldest || info.version > held.newest)
          fail(ErrorCode::invalid_argument, n.op->name, ": reads ", name_of(graph_, input), " as update ", info.version,
               " of the step left it, but update ", held.newest,
               " comes before; read the newest value (Graph::newest), or earlier");
      }
      for (const Alias& alias : n.op->updates) {
        const int output = n.outputs[alias.output];
        Held& held = there[graph_.arena_of(output)];
        held.newest = graph_.info(output).version;
        // A gathering node only adds to the earlier ones, so a reader of fewer values finds them there.
        if (!n.op->places || held.oldest == 0) held.oldest = held.newest;
      }
    }
  }

  const Graph& graph_;
  const Needs& needs_;
  std::vector<bool> needed_;    // by node
  std::vector<bool> is_given_;  // by value
};

}  // namespace

bool updates_state(const Graph& graph, const Node& node) {
  return std::ranges::any_of(node.op->updates, [&](const Alias& alias) {
    return graph.info(node.outputs[alias.output]).role != Role::gradient;
  });
}

std::vector<int> needed_nodes(const Graph& graph, const Needs& needs) { return Search(graph, needs).run(); }

}  // namespace lemnos
