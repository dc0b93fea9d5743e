#include <algorithm>

#include "base/text.h"
#include "graph/needs.h"
#include "lemnos/metrics.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"

namespace lemnos::metrics {

namespace {

constexpr size_t kColumns = 3;  // of the report: count, position, first

/// A tensor of indices, and what takes it.
struct Taken {
  int value;
  int64_t limit;
  const char* op;
};

std::vector<Taken> taken_by(const Graph& graph, const std::vector<int>& nodes) {
  std::vector<Taken> all;
  for (int at : nodes) {
    const Node& node = graph.nodes()[static_cast<size_t>(at)];
    if (!node.op->index_limit) continue;
    std::vector<TensorDesc> descs;
    for (int input : node.inputs) descs.push_back(graph.info(input).desc);
    for (size_t i = 0; i < descs.size(); ++i) {
      const Taken taken{node.inputs[i], node.op->index_limit({*node.op, descs, node.attrs}, i), node.op->name};
      // A forward node and its gradient take the same.
      const auto same = [&](const Taken& t) { return t.value == taken.value && t.limit == taken.limit; };
      if (taken.limit >= 0 && std::ranges::none_of(all, same)) all.push_back(taken);
    }
  }
  return all;
}

}  // namespace

std::string IndexErrors::text() const {
  return lemnos::text(op, ": ", count, " of ", indices, " are not below ", limit, ", the first is ", first,
                      " at element ", position);
}

IndexWatch::IndexWatch(std::span<const Value> targets) {
  require(!targets.empty() && targets[0], ErrorCode::invalid_argument, "index watch: no targets");
  Graph& graph = targets[0].graph();
  Needs needs;
  for (Value target : targets) needs.targets.push_back(target.id());
  const std::vector<Taken> taken = taken_by(graph, needed_nodes(graph, needs));
  require(!taken.empty(), ErrorCode::invalid_argument, "index watch: no node that the targets need takes indices");
  std::string name = "index_errors";
  for (int next = 2; graph.find(name); ++next) name = lemnos::text("index_errors.", next);
  value_ = graph.variable(name, {Shape{static_cast<int64_t>(taken.size()), int64_t{kColumns}}, DType::u32});
  for (const Taken& t : taken) {
    const ValueInfo& info = graph.info(t.value);
    watched_.push_back(
        {.op = t.op, .indices = lemnos::text(info.name, info.name.empty() ? "" : " ", info.desc), .limit = t.limit});
    value_ = index_errors(value_, {&graph, t.value}, t.limit, static_cast<int64_t>(watched_.size()) - 1);
  }
}

std::vector<IndexErrors> IndexWatch::read(Session& session) const {
  std::vector<uint32_t> words(watched_.size() * kColumns);
  session.read(value_, std::as_writable_bytes(std::span(words)));
  std::vector<IndexErrors> found;
  for (size_t i = 0; i < watched_.size(); ++i) {
    const uint32_t* row = &words[i * kColumns];
    if (row[0] == 0) continue;
    found.push_back(watched_[i]);
    found.back().count = row[0];
    found.back().position = row[1];
    found.back().first = row[2];
  }
  return found;
}

void IndexWatch::clear(Session& session) const {
  session.write(value_, std::vector<uint32_t>(watched_.size() * kColumns));
}

}  // namespace lemnos::metrics
