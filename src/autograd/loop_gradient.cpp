// The gradient of a loop, which is a loop in the other direction.

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "autograd/loop.h"
#include "autograd/sweep.h"
#include "base/text.h"
#include "graph/edit.h"
#include "lemnos/autograd.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "ops/sums.h"

namespace lemnos::autograd {

namespace {

// With i the iteration, c what is carried, x the slices, w what is captured and y what is stacked:
//
//   dc(i), dx[i], dw(i) = the gradients of one iteration, at dc(i + 1) and dy[i]
//
// in a loop the other way, whose body is the same graph with the sweep's nodes behind. What they read of the forward
// nodes is kept of every iteration. dw adds up over the iterations, or is one product over all of them.
class LoopGradient {
 public:
  explicit LoopGradient(Grad& g)
      : g_(g),
        around_(g.graph),
        node_(g.self()),
        loop_(*node_.loop),
        body_(std::make_shared<Graph>(*loop_.body)),
        forward_values_(static_cast<int>(body_->values().size())) {
    back_.body = body_;
    back_.times = loop_.times;
    back_.backward = !loop_.backward;
  }

  std::vector<Value> run() {
    find_gradients();
    std::vector<std::function<Value()>> answers(node_.inputs.size());
    const size_t carried = loop_.carried.size(), sliced = loop_.sliced.size();
    for (size_t i = 0; i < carried; ++i) carry_back(i, answers[i]);
    for (size_t i = carried; i < node_.inputs.size(); ++i) {
      if (!g_.needs(i) || !found_[i]) continue;
      answers[i] = i < carried + sliced ? stacked_later(found_[i]) : summed_later(found_[i]);
    }
    if (back_.carried.empty() && back_.stacked.empty()) return {};
    bind_kept();
    std::vector<Value> inputs = first_values_;
    inputs.insert(inputs.end(), sliced_.begin(), sliced_.end());
    inputs.insert(inputs.end(), captured_.begin(), captured_.end());
    bind_leaves(around_, back_, inputs);
    results_ = GraphEdit::add_loop(around_, repeat_op(), std::make_shared<Loop>(back_), inputs);
    std::vector<Value> gradients;
    for (size_t i = 0; i < answers.size(); ++i) gradients.push_back(answers[i] && g_.needs(i) ? answers[i]() : Value());
    return gradients;
  }

 private:
  using Later = std::function<Value()>;  // what can be said once the loop is there

  Value inner(int id) { return {body_.get(), id}; }
  const TensorDesc& desc(int id) const { return body_->info(id).desc; }
  Value given(size_t i) { return {&around_, node_.inputs[i]}; }

  void find_gradients() {
    std::vector<Seed> seeds;
    for (size_t i = 0; i < loop_.carried.size(); ++i) {
      const Loop::Carried& c = loop_.carried[i];
      dc_.push_back(is_floating(desc(c.in).dtype) ? placeholder("gradient", desc(c.in)) : Value());
      if (dc_[i]) seeds.push_back({inner(c.out), dc_[i]});
    }
    for (size_t i = 0; i < loop_.stacked.size(); ++i) {
      const size_t output = loop_.carried.size() + i;
      if (output >= g_.output_gradients.size() || !g_.dy(output)) continue;
      const Value dy = placeholder("gradient", desc(loop_.stacked[i].value));
      slice_in(dy.id(), g_.dy(output));
      seeds.push_back({inner(loop_.stacked[i].value), dy});
    }
    std::vector<int> bounds;
    std::vector<Value> wrt;
    for (size_t i = 0; i < loop_.inputs(); ++i) bounds.push_back(loop_.bound(i));
    for (size_t i = 0; i < loop_.inputs(); ++i)
      if ((i < loop_.carried.size() || g_.needs(i)) && is_floating(desc(bounds[i]).dtype))
        wrt.push_back(inner(bounds[i]));
    const std::vector<Value> found = sweep(*body_, seeds, wrt, bounds);
    found_.resize(loop_.inputs());
    for (size_t i = 0, at = 0; i < loop_.inputs(); ++i)
      if (at < wrt.size() && wrt[at].id() == bounds[i]) found_[i] = found[at++];
  }

  // The body may hold those of an earlier gradient already.
  Value placeholder(const char* what, const TensorDesc& d) {
    return body_->input(text(what, ' ', body_->values().size()), d);
  }

  // Inputs of the other loop. They are sorted by kind at the end.
  void slice_in(int id, Value rows) {
    back_.sliced.push_back(id);
    sliced_.push_back(rows);
    bound_.insert(id);
  }
  size_t carry(Value in, Value out, Value first) {
    back_.carried.push_back({in.id(), own(out, back_, carried_out_).id()});
    first_values_.push_back(first);
    bound_.insert(in.id());
    return back_.carried.size() - 1;
  }

  void carry_back(size_t i, Later& answer) {
    if (!dc_[i]) return;
    const TensorDesc& d = desc(loop_.carried[i].in);
    const Value dc = found_[i] ? found_[i] : zeros(*body_, d.shape, d.dtype);
    const Value first = i < g_.output_gradients.size() && g_.dy(i) ? g_.dy(i) : zeros(around_, d.shape, d.dtype);
    const size_t at = carry(dc_[i], dc, first);
    answer = [this, at] { return results_[at]; };
  }

  // The rows [times, row] of a value that the other loop computes.
  Later stacked_later(Value v) {
    const int id = body_->storage_of(v.id());
    const auto known = std::ranges::find(back_.stacked, id, &Loop::Stacked::value);
    const auto at = static_cast<size_t>(known - back_.stacked.begin());
    if (known == back_.stacked.end()) {
      std::set<int> taken = carried_out_;
      back_.stacked.push_back({own(inner(id), back_, taken).id()});
    }
    return [this, at] { return results_[back_.carried.size() + at]; };
  }

  // The sum over all iterations.
  Later summed_later(Value v) {
    if (Later whole = at_once(v)) return whole;
    const TensorDesc d = v.desc();
    const Value sum = placeholder("sum", d);
    const size_t at = carry(sum, add(sum, v), zeros(around_, d.shape, d.dtype));
    return [this, at] { return results_[at]; };
  }

  bool is_of_sweep(Value v) const { return v.id() >= forward_values_; }

  // The sum over all iterations as one node over the rows of all: of sums of rows, and of products that add up rows.
  Later at_once(Value v) {
    const int producer = body_->info(v).producer;
    if (producer < 0 || !is_of_sweep(v) || bound_.contains(v.id())) return {};
    const Node node = body_->nodes()[static_cast<size_t>(producer)];
    const std::string_view op = node.op->name;
    const auto in = [&](size_t i) { return inner(node.inputs[i]); };
    if (op == "reshape") {
      const Later whole = at_once(in(0));
      return whole ? Later([whole, shape = v.shape()] { return reshape(whole(), shape); }) : Later();
    }
    if (op == "add" && in(0).desc() == v.desc() && in(1).desc() == v.desc()) {
      const Later a = at_once(in(0)), b = a ? at_once(in(1)) : Later();
      return b ? Later([a, b] { return add(a(), b()); }) : Later();
    }
    if (op == "sum") {
      std::vector<int64_t> axes{0};
      const auto attrs = node.attrs.as<ReduceAttrs>();
      for (int64_t axis : attrs.axes) axes.push_back(axis + 1);
      if (axes.size() == 1)
        for (size_t i = 0; i < in(0).shape().rank(); ++i) axes.push_back(static_cast<int64_t>(i) + 1);
      const Later x = all_iterations(in(0));
      return [x, axes, shape = v.shape()] { return reshape(sum(x(), axes), shape); };
    }
    if (op != "matmul" || node.inputs.size() != 2 || node.outputs.size() != 1 || v.shape().rank() != 2) return {};
    const auto product = node.attrs.as<MatmulAttrs>();
    if (!product.transpose_a || product.transpose_b) return {};  // adds up something else than rows
    const Later a = all_iterations(in(0)), b = all_iterations(in(1));
    return [a, b, op = node.op, attrs = node.attrs] {
      const auto joined = [](Value x) { return reshape(x, Shape{x.shape()[0] * x.shape()[1], x.shape()[2]}); };
      const Value rows_a = joined(a());
      return rows_a.graph().add(*op, {rows_a, joined(b())}, attrs);
    };
  }

  // [times, ..] of any value of the body.
  Later all_iterations(Value v) {
    const int storage = body_->storage_of(v.id());
    Later rows;
    if (const auto given_rows = std::ranges::find(back_.sliced, storage); given_rows != back_.sliced.end()) {
      const Value known = sliced_[static_cast<size_t>(given_rows - back_.sliced.begin())];
      rows = [known] { return known; };
    } else if (storage < forward_values_ && !is_captured(storage) && !is_constant(storage)) {
      const Value kept = kept_rows(storage);
      rows = [kept] { return kept; };
    } else {
      rows = stacked_later(inner(storage));
    }
    return [rows, shape = v.shape()] { return from_rows(rows(), shape); };
  }

  bool is_captured(int id) const { return std::ranges::count(loop_.captured, id) > 0; }
  bool is_constant(int id) const {
    return body_->info(id).producer < 0 && !std::ranges::count(loop_.sliced, id) &&
           std::ranges::find(loop_.carried, id, &Loop::Carried::in) == loop_.carried.end();
  }

  // The rows that the forward loop keeps of a value of its body: existing ones, or added now.
  struct Kept {
    Value rows;
    bool trace;
  };
  Kept stacked_by_forward(int id) {
    const Value rows = GraphEdit::add_stacked(around_, g_.node, id);
    const std::vector<Loop::Stacked>& stacked = around_.nodes()[static_cast<size_t>(g_.node)].loop->stacked;
    return {rows, std::ranges::find(stacked, id, &Loop::Stacked::value)->trace};
  }

  // The rows of the iterations but for the last, with another before or behind them in the order of the iterations.
  Value joined(Value rows, Value row, bool before) const {
    if (loop_.times == 1) return row;
    const bool front = before != loop_.backward;
    const Value others = loop_.backward ? slice_axis(rows, 0, 1, loop_.times) : slice_axis(rows, 0, 0, loop_.times - 1);
    return concat(front ? std::vector{row, others} : std::vector{others, row});
  }

  Value kept_rows(int storage) {
    if (const auto known = kept_.find(storage); known != kept_.end()) return known->second;
    return kept_[storage] = find_kept_rows(storage);
  }
  Value find_kept_rows(int storage) {
    if (const auto at = std::ranges::find(loop_.sliced, storage); at != loop_.sliced.end())
      return given(loop_.carried.size() + static_cast<size_t>(at - loop_.sliced.begin()));
    for (size_t i = 0; i < loop_.carried.size(); ++i)
      if (loop_.carried[i].in == storage)
        return joined(stacked_by_forward(loop_.carried[i].out).rows, to_row(given(i)), true);
    const Kept kept = stacked_by_forward(storage);
    if (!kept.trace) return kept.rows;
    const auto c = std::ranges::find(loop_.carried, storage, &Loop::Carried::out);
    const Value last{&around_, node_.outputs[static_cast<size_t>(c - loop_.carried.begin())]};
    return joined(kept.rows, to_row(last), false);
  }

  // Binds every value of the forward nodes that the nodes of the sweep read.
  void bind_kept() {
    std::vector<int> open;
    for (const Loop::Carried& c : back_.carried) open.push_back(c.out);
    for (const Loop::Stacked& s : back_.stacked) open.push_back(s.value);
    std::set<int> seen;
    while (!open.empty()) {
      const int value = open.back();
      open.pop_back();
      if (!seen.insert(value).second || bound_.contains(body_->storage_of(value))) continue;
      const int storage = body_->storage_of(value);
      if (storage < forward_values_) {
        bind_forward(storage);
      } else if (const int producer = body_->info(value).producer; producer >= 0) {
        const std::vector<int>& read = body_->nodes()[static_cast<size_t>(producer)].inputs;
        open.insert(open.end(), read.begin(), read.end());
      }
    }
  }

  void bind_forward(int storage) {
    const auto at = std::ranges::find(loop_.captured, storage);
    if (at != loop_.captured.end()) {
      back_.captured.push_back(storage);
      captured_.push_back(
          given(loop_.carried.size() + loop_.sliced.size() + static_cast<size_t>(at - loop_.captured.begin())));
      bound_.insert(storage);
    } else if (!is_constant(storage)) {
      slice_in(storage, kept_rows(storage));
    }
  }

  Grad& g_;
  Graph& around_;
  const Node node_;
  const Loop loop_;
  std::shared_ptr<Graph> body_;
  const int forward_values_;
  Loop back_;
  std::vector<Value> dc_, found_;                        // of the body: dc(i + 1), and gradients by input of the node
  std::vector<Value> first_values_, sliced_, captured_;  // inputs of the other loop, in the graph around it
  std::set<int> bound_, carried_out_;
  std::map<int, Value> kept_;
  std::vector<Value> results_;
};

}  // namespace

std::vector<Value> loop_gradient(Grad& g) { return LoopGradient(g).run(); }

}  // namespace lemnos::autograd
