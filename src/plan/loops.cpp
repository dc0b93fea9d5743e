#include "plan/loops.h"

#include "shaders/loop_gate.h"

#include <algorithm>

#include "base/text.h"
#include "plan/segments.h"

namespace lemnos {

Location Path::at(int64_t iteration, int64_t times) const {
  const Location& base = iteration + 1 == times ? last : iteration == 0 ? first : iteration % 2 ? odd : even;
  Location where = base;
  where.offset += static_cast<uint64_t>(stride * iteration);
  return where;
}

std::vector<Launch> launches_of(std::span<const PlannedDispatch> dispatches, std::span<const PlannedLoop> loops,
                                bool sample) {
  constexpr int64_t kDifferent = 4;  // iterations at the start of a loop
  std::vector<Launch> launches;
  for (size_t at = 0; at < dispatches.size();) {
    if (dispatches[at].loop < 0) {
      launches.push_back({static_cast<int>(at++)});
      continue;
    }
    const PlannedLoop& loop = loops[static_cast<size_t>(dispatches[at].loop)];
    for (int64_t i = 0; i < loop.times; ++i) {
      if (sample && i >= kDifferent) i = std::max(i, loop.times - 1);
      for (int k = 0; k < loop.count; ++k) launches.push_back({loop.first + k, i, loop.times});
    }
    at += static_cast<size_t>(loop.count);
  }
  return launches;
}

namespace {

RefPath fixed(const TensorRef& ref) { return {ref, ref, ref, ref}; }

TensorRef moved(TensorRef ref, int64_t bytes) {
  ref.offset += static_cast<uint64_t>(bytes);
  return ref;
}

class LoopPlanner {
 public:
  LoopPlanner(const Node& node, const std::vector<bool>& used) : node_(node), loop_(*node.loop), used_(used) {}

  LoweredLoop run(const DeviceCaps& caps, const PlanOptions& around) {
    PlanOptions options = around;
    options.needs = loop_.needs(used_);
    options.kept = options.needs.targets;  // their memory is the loop's
    options.memory_limit = 0;
    options.recompute = false;
    body_ = std::make_shared<Plan>(make_plan(*loop_.body, caps, options));
    activations_ = scratch(body_->activation_bytes);
    bind();
    for (const Launch& launch : body_->launches()) {  // a loop in the body is written out
      const PlannedDispatch& planned = body_->dispatches[static_cast<size_t>(launch.dispatch)];
      LoopDispatch made{planned.dispatch, {}, launch.dispatch};
      for (size_t i = 0; i < planned.dispatch.tensors.size(); ++i) {
        made.paths.push_back(path_of(planned.accesses[i].at(launch.iteration, launch.times)));
        made.dispatch.tensors[i] = made.paths.back().even;
      }
      if (planned.indirect()) made.counts = path_of(planned.accesses.back().where).even;
      out_.dispatches.push_back(std::move(made));
    }
    if (loop_.may_end(used_)) add_gate(caps, around);
    out_.body = body_;
    return std::move(out_);
  }

 private:
  struct Bound {
    Location where;  // in the body's plan
    RefPath path;
  };

  TensorRef scratch(uint64_t bytes) {
    out_.scratch_bytes.push_back(bytes);
    return {-1, static_cast<int>(out_.scratch_bytes.size()) - 1, 0, bytes};
  }

  const TensorDesc& desc(int value) const { return loop_.body->info(value).desc; }
  TensorRef whole(int value, int of_body) const { return {value, -1, 0, desc(of_body).bytes()}; }
  TensorRef input(size_t i) const { return whole(node_.inputs[i], loop_.bound(i)); }
  TensorRef output(size_t i) const { return whole(node_.outputs[i], loop_.result(i)); }

  void add(int value, RefPath path) {
    const Location where = body_->locations[static_cast<size_t>(value)];
    if (where.bytes) bound_.push_back({where, path});
  }

  // Rows of a tensor, each where its iteration works.
  RefPath rows(const TensorRef& tensor, int of_body, int64_t shift = 0) const {
    const int64_t row = row_elements(desc(of_body)) * static_cast<int64_t>(size_of(desc(of_body).dtype));
    const int64_t stride = loop_.backward ? -row : row;
    RefPath path = fixed(moved(tensor, loop_.row(0) * row + shift * stride));
    path.stride = stride;
    return path;
  }

  void bind() {
    const size_t carried = loop_.carried.size();
    for (size_t i = 0; i < loop_.sliced.size(); ++i) add(loop_.sliced[i], rows(input(carried + i), loop_.sliced[i]));
    for (size_t i = 0; i < loop_.captured.size(); ++i)
      add(loop_.captured[i], fixed(input(carried + loop_.sliced.size() + i)));
    for (size_t i = 0; i < loop_.stacked.size(); ++i)
      if (used_[carried + i] && !is_carried(loop_.stacked[i].value))
        add(loop_.stacked[i].value, rows(output(carried + i), loop_.stacked[i].value));
    for (size_t i = 0; i < carried; ++i) bind_carried(i);
  }

  bool is_carried(int value) const {
    return std::ranges::find(loop_.carried, value, &Loop::Carried::out) != loop_.carried.end();
  }

  // A carried value moves from row to row if the rows are kept, else between two buffers in turn; it comes from the
  // first value and ends in the last one.
  void bind_carried(size_t i) {
    const Loop::Carried& c = loop_.carried[i];
    RefPath in, out;
    if (const int kept = rows_of(c.out); kept >= 0) {
      out = rows(output(static_cast<size_t>(kept)), c.out);
      in = rows(output(static_cast<size_t>(kept)), c.out, -1);
    } else {
      const TensorRef a = scratch(desc(c.in).bytes()), b = scratch(desc(c.in).bytes());
      in = {a, b, a, loop_.times % 2 ? a : b};
      out = {b, a, b, loop_.times % 2 ? b : a};
    }
    // Path::at adds the stride to these too.
    if (used_[i]) out.last = moved(output(i), -out.stride * (loop_.times - 1));
    in.first = input(i);
    if (loop_.times == 1) in.last = in.first;
    add(c.in, in);
    add(c.out, out);
  }

  int rows_of(int value) const {
    for (size_t i = 0; i < loop_.stacked.size(); ++i)
      if (const size_t at = loop_.carried.size() + i; loop_.stacked[i].value == value && used_[at])
        return static_cast<int>(at);
    return -1;
  }

  RefPath path_of(const Location& where) const {
    if (where.arena.kind == ArenaKind::activations) {
      TensorRef ref = moved(activations_, static_cast<int64_t>(where.offset));
      ref.bytes = where.bytes;
      return fixed(ref);
    }
    for (const Bound& bound : bound_) {
      if (bound.where.arena != where.arena || where.offset < bound.where.offset ||
          where.offset >= bound.where.offset + bound.where.bytes)
        continue;
      RefPath path = bound.path;
      for (TensorRef* ref : {&path.even, &path.odd, &path.first, &path.last}) {
        ref->offset += where.offset - bound.where.offset;
        ref->bytes = where.bytes;
      }
      return path;
    }
    fail(ErrorCode::internal, "repeat: the body accesses memory outside of the loop");
  }

  // After the end of the loop only preserving copies launch workgroups, and gates of nested loops, whose counts must be
  // numbers of theirs.
  void add_gate(const DeviceCaps& caps, const PlanOptions& options) {
    const Kernel* gate = options.find_kernel ? options.find_kernel("loop_gate") : nullptr;
    if (!gate) return;
    std::vector<std::array<uint32_t, 3>> counts;
    std::vector<std::pair<LoopDispatch*, size_t>> gated;
    for (LoopDispatch& d : out_.dispatches) {
      if (d.dispatch.kernel == gate || d.counts.bytes || !is_scratch(d)) continue;
      const auto groups = split_groups(d.dispatch.groups, caps.max_workgroup_count);
      const auto at = std::ranges::find(counts, groups);
      gated.emplace_back(&d, static_cast<size_t>(at - counts.begin()));
      if (at == counts.end()) counts.push_back(groups);
    }
    if (gated.empty()) return;
    TensorRef table = scratch(counts.size() * sizeof counts[0]);
    for (const auto& [dispatch, at] : gated) {
      dispatch->counts = moved(table, static_cast<int64_t>(at * sizeof counts[0]));
      dispatch->counts.bytes = sizeof counts[0];
    }
    std::vector<LoopDispatch> gates;
    for (size_t first = 0; first < counts.size(); first += GATE_COUNTS)
      gates.push_back(gate_of(*gate, table, std::span(counts).subspan(first), static_cast<uint32_t>(first)));
    out_.dispatches.insert(out_.dispatches.begin(), gates.begin(), gates.end());
  }

  LoopDispatch gate_of(const Kernel& gate, const TensorRef& table, std::span<const std::array<uint32_t, 3>> counts,
                       uint32_t first) const {
    const uint32_t words = 3 * static_cast<uint32_t>(std::min<size_t>(counts.size(), GATE_COUNTS));
    shaders::LoopGateParams params{.count = words, .first = 3 * first};
    std::copy_n(counts[0].data(), words, params.groups);
    const int flag = loop_.carried[static_cast<size_t>(loop_.ended)].in;
    LoopDispatch made{{.kernel = &gate, .spec = shaders::LoopGateSpec{}, .params = params}, {}, -1};
    made.paths = {path_of(body_->locations[static_cast<size_t>(flag)]), fixed(table)};
    for (const RefPath& path : made.paths) made.dispatch.tensors.push_back(path.even);
    return made;
  }

  // Whether a dispatch writes nothing that anybody finds after its iteration.
  bool is_scratch(const LoopDispatch& d) const {
    for (size_t i = 0; i < d.paths.size(); ++i)
      if (d.dispatch.kernel->info.writes(i) && d.paths[i].even.scratch != activations_.scratch) return false;
    return true;
  }

  const Node& node_;
  const Loop& loop_;
  const std::vector<bool>& used_;
  std::shared_ptr<const Plan> body_;
  TensorRef activations_;
  std::vector<Bound> bound_;
  LoweredLoop out_;
};

}  // namespace

LoweredLoop lower_loop(const Node& node, const std::vector<bool>& used, const DeviceCaps& caps,
                       const PlanOptions& options) {
  return LoopPlanner(node, used).run(caps, options);
}

}  // namespace lemnos
