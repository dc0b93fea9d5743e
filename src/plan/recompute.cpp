#include "plan/recompute.h"

#include <algorithm>
#include <map>

#include "graph/edit.h"

namespace lemnos {
namespace {

constexpr size_t kLongWhile = 4;  // nodes: a shorter absence frees nothing that anybody could use
constexpr int kLongestChain = 3;  // elementwise nodes that are made again for one activation

class Recompute {
 public:
  Recompute(Graph& graph, std::vector<int> order, const Needs& needs)
      : graph_(graph), order_(std::move(order)), needs_(needs) {}

  std::vector<int> run() {
    // Recomputed values must read the state of this step: before any update.
    while (before_updates_ < order_.size() && !updates_state(graph_, node(order_[before_updates_]))) ++before_updates_;
    for (size_t at = 0; at < order_.size(); ++at)
      if (is_cheap(node(order_[at]))) consider(at);
    return std::move(order_);
  }

 private:
  const Node& node(int index) const { return graph_.nodes()[static_cast<size_t>(index)]; }
  int storage(int value) const { return graph_.storage_of(value); }
  bool is_activation(int value) const { return graph_.info(storage(value)).role == Role::activation; }

  // Elementwise, in one launch, with nothing but its one result.
  bool is_cheap(const Node& n) const {
    return !n.op->inplace.empty() && n.op->updates.empty() && n.outputs.size() == 1 && is_activation(n.outputs[0]) &&
           !is_kept(n.outputs[0]);
  }

  bool is_kept(int value) const {
    return std::ranges::count(needs_.targets, value) > 0 || std::ranges::count(needs_.given, value) > 0;
  }

  std::vector<size_t> reads_of(int value, size_t from) const {
    std::vector<size_t> places;
    for (size_t at = from; at < order_.size(); ++at)
      if (std::ranges::any_of(node(order_[at]).inputs, [&](int in) { return storage(in) == storage(value); }))
        places.push_back(at);
    return places;
  }

  // Views would have to be recomputed too; gathered values are computed in their place.
  bool only_read_as_itself(int value, const std::vector<size_t>& reads) const {
    return std::ranges::all_of(reads, [&](size_t at) {
      const Node& reader = node(order_[at]);
      return reader.op->views.empty() && !reader.op->places &&
             std::ranges::all_of(reader.inputs, [&](int in) { return in == value || storage(in) != storage(value); });
    });
  }

  bool is_available(int value, size_t at) const {
    if (!is_activation(value)) return graph_.info(storage(value)).role != Role::gradient;
    return is_kept(value) || !reads_of(value, at).empty();
  }

  void consider(size_t at) {
    const int index = order_[at], value = node(index).outputs[0];
    const std::vector<size_t> reads = reads_of(value, at + 1);
    if (reads.empty() || !only_read_as_itself(value, reads)) return;
    size_t first = 0, longest = 0;  // the read after the longest absence
    for (size_t i = 0; i < reads.size(); ++i) {
      const size_t absence = reads[i] - (i == 0 ? at : reads[i - 1]);
      if (absence > longest) longest = absence, first = i;
    }
    if (longest <= kLongWhile || reads[first] >= before_updates_) return;
    const auto from = reads.begin() + static_cast<std::ptrdiff_t>(first);
    if (operands_are_available(index, *from, kLongestChain))
      recompute_at(index, std::vector<size_t>(from, reads.end()));
  }

  // Whether the node's operands are kept until `at` for others, or can be recomputed.
  bool operands_are_available(int index, size_t at, int chain) const {
    return std::ranges::all_of(node(index).inputs, [&](int in) {
      if (is_available(in, at)) return true;
      const int producer = graph_.info(in).producer;
      return chain > 1 && producer >= 0 && is_cheap(node(producer)) && operands_are_available(producer, at, chain - 1);
    });
  }

  void recompute_at(int index, const std::vector<size_t>& reads) {
    const int value = node(index).outputs[0];
    std::vector<int> nodes;  // to stand before the first read, in their order
    const int again = recomputed(value, reads[0], nodes);
    for (size_t at : reads) GraphEdit::redirect(graph_, order_[at], value, again);
    order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(reads[0]), nodes.begin(), nodes.end());
    before_updates_ += nodes.size();
  }

  // The value computed a second time, with those of its operands that are not kept.
  int recomputed(int value, size_t at, std::vector<int>& nodes) {
    const Node maker = node(graph_.info(value).producer);
    std::vector<Value> inputs;
    for (int in : maker.inputs) inputs.push_back({&graph_, is_available(in, at) ? in : recomputed(in, at, nodes)});
    const Value again = graph_.add_all(*maker.op, inputs, maker.attrs)[0];
    nodes.push_back(graph_.info(again).producer);
    return again.id();
  }

  Graph& graph_;
  std::vector<int> order_;
  const Needs& needs_;
  size_t before_updates_ = 0;  // the first node of the order that updates persistent memory
};

}  // namespace

std::vector<int> recompute(Graph& graph, std::vector<int> order, const Needs& needs) {
  return Recompute(graph, std::move(order), needs).run();
}

}  // namespace lemnos
