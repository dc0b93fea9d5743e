// Loops: how a body becomes a node.

#include "autograd/loop.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "graph/edit.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "ops/step_state.h"

namespace lemnos {

namespace autograd {

namespace {

constexpr const char* kWho = "repeat";

Shape with_times(int64_t times, const Shape& each) {
  std::vector<int64_t> extents{times};
  extents.insert(extents.end(), each.begin(), each.end());
  return Shape(extents);
}

}  // namespace

Value to_rows(Value x) {
  const int64_t times = x.shape()[0], elements = x.desc().elements() / times;
  const TensorDesc each{{elements}, x.dtype()};
  const Value rows = reshape(x, Shape{times, elements});
  const int64_t unused = row_elements(each) - elements;
  return unused ? pad(rows, {0, 0}, {0, unused}) : rows;
}
Value from_rows(Value rows, const Shape& each) {
  const int64_t elements = each.elements();
  if (rows.shape()[1] != elements) rows = slice_axis(rows, 1, 0, elements);
  return reshape(rows, with_times(rows.shape()[0], each));
}
Value to_row(Value x) { return to_rows(reshape(x, with_times(1, x.shape()))); }

Value copy_of(Value v) {
  if (is_floating(v.dtype())) return identity(v);
  const Shape shape = v.shape();
  return slice(v, std::vector<int64_t>(shape.rank(), 0), {shape.begin(), shape.end()});  // all of it
}

Value own(Value v, const Loop& loop, std::set<int>& taken) {
  const Graph& body = v.graph();
  const ValueInfo& info = body.info(v);
  bool bound = false;
  for (size_t i = 0; i < loop.inputs(); ++i) bound = bound || loop.bound(i) == v.id();
  if (info.producer >= 0 && info.alias < 0 && !bound && taken.insert(v.id()).second) return v;
  const Value copy = copy_of(v);
  taken.insert(copy.id());
  return copy;
}

namespace {

// A value of the graph around the loop that is the leaf `id` of the body.
Value outside(Graph& around, const Graph& body, int id) {
  const ValueInfo& info = body.info(id);
  require(info.role != Role::input, ErrorCode::invalid_argument, kWho, ": the body reads its own input '", info.name,
          "' ", info.desc, ", which nobody writes; make it outside and capture() it");
  if (info.role == Role::constant) {
    const std::vector<std::byte> zeros(info.initial ? 0 : info.desc.bytes());
    return around.constant(info.desc, info.initial ? std::span<const std::byte>(*info.initial) : zeros, info.name);
  }
  require(info.entry >= 0, ErrorCode::invalid_argument, kWho, ": the body reads ", to_string(info.role), " '",
          info.name, "' ", info.desc, "; make it outside and capture() it");
  return around.newest(around.find(info.name));
}

}  // namespace

void bind_leaves(Graph& around, Loop& loop, std::vector<Value>& inputs) {
  std::vector<int> leaves;
  (void)loop.needs({}, &leaves);
  for (int leaf : leaves) {
    inputs.push_back(outside(around, *loop.body, leaf));
    loop.captured.push_back(leaf);
  }
}

namespace {
std::vector<TensorDesc> infer(const Infer& in) {
  fail(ErrorCode::invalid_argument, in.op.name, ": use repeat() (loop.h)");
}
}  // namespace

const OpDef& repeat_op() {
  static const OpDef op = {.name = kWho, .infer = infer, .grad = loop_gradient};
  return op;
}

}  // namespace autograd

using autograd::bind_leaves, autograd::from_rows, autograd::own, autograd::to_rows;

namespace {
constexpr const char* kWho = "repeat";
}

// The body
// ----------------------------------------------------------------------------------------------------------

LoopBody::LoopBody(Graph& around) : around_(around), graph_(std::make_shared<Graph>(around.state())) {
  GraphEdit::share_streams(*graph_, around);
}

Value LoopBody::carried(size_t i) const {
  require(i < carried_.size(), ErrorCode::out_of_range, kWho, ": carried value ", i, " of ", carried_.size());
  return carried_[i];
}
Value LoopBody::slice(size_t i) const {
  require(i < given_slices_, ErrorCode::out_of_range, kWho, ": sliced tensor ", i, " of ", given_slices_);
  return slices_[i];
}

Value LoopBody::capture(Value outer) {
  require(outer && &outer.graph() == &around_, ErrorCode::invalid_argument, kWho,
          ": capture() takes a value of the graph around the loop");
  for (size_t i = 0; i < captured_.size(); ++i)
    if (captured_from_[i].id() == outer.id()) return captured_[i];
  captured_from_.push_back(outer);
  captured_.push_back(graph_->input(text("captured ", captured_.size()), outer.desc()));
  return captured_.back();
}

Value LoopBody::sliced_from(Value rows, const TensorDesc& each) {
  sliced_tensors_.push_back(rows);
  slices_.push_back(graph_->input(text("slice ", slices_.size()), each));
  return slices_.back();
}

Value LoopBody::index() {
  if (!index_) {
    const Value numbers = range(around_, 0, times_);
    index_ = sliced_from(to_rows(reshape(numbers, Shape{times_, 1})), {{1}, DType::i32});
  }
  return index_;
}

Value LoopBody::step_state(Value outer) {
  require(outer.desc() == TensorDesc{{STATE_WORDS}, DType::u32}, ErrorCode::shape_mismatch, kWho,
          ": step_state() takes ", TensorDesc{{STATE_WORDS}, DType::u32}, ", it is ", outer.desc());
  static_assert(STATE_STEP == 0);
  // Step number s of the state around is s times + 0, 1, .. inside.
  const Value step = reshape(cast(slice_axis(outer, 0, 0, 1), DType::i32), Shape{1, 1});
  const std::vector<int32_t> factor{static_cast<int32_t>(times_)};
  const Value times = around_.constant({{1, 1}, DType::i32}, std::as_bytes(std::span(factor)));
  const Value steps = add(multiply(step, times), reshape(range(around_, 0, times_), Shape{times_, 1}));
  const Value rest = reshape(slice_axis(outer, 0, 1, STATE_WORDS), Shape{1, STATE_WORDS - 1});
  const Value states =
      concat(std::vector{cast(steps, DType::u32), broadcast_to(rest, Shape{times_, STATE_WORDS - 1})}, 1);
  return sliced_from(to_rows(states), outer.desc());
}

class LoopBuilder {
 public:
  static LoopResults build(int64_t times, std::span<const Value> first, std::span<const Value> sliced,
                           const std::function<LoopStep(LoopBody&)>& make, const LoopOptions& options) {
    Graph& around = graph_of(times, first, sliced);
    LoopBody b(around);
    b.times_ = times;
    give(b, first, sliced);
    LoopStep step = make(b);
    check(b, step);
    const std::vector<Value> updated = carry_updates(b, step);
    Loop loop{.body = b.graph_, .times = times, .backward = options.backward};
    if (step.stop) {
      loop.ended = static_cast<int>(step.carried.size());
      hold(b, step);
    }
    for (Value v : b.carried_) loop.carried.push_back({.in = v.id()});
    for (Value v : b.slices_) loop.sliced.push_back(v.id());
    for (Value v : b.captured_) loop.captured.push_back(v.id());
    std::set<int> carried, stacked;
    for (size_t i = 0; i < step.carried.size(); ++i) loop.carried[i].out = own(step.carried[i], loop, carried).id();
    for (Value v : step.stacked) loop.stacked.push_back({own(v, loop, stacked).id(), false, bool(step.stop)});
    std::vector<Value> inputs = b.first_values_;
    inputs.insert(inputs.end(), b.sliced_tensors_.begin(), b.sliced_tensors_.end());
    inputs.insert(inputs.end(), b.captured_from_.begin(), b.captured_from_.end());
    bind_leaves(around, loop, inputs);
    GraphEdit::share_streams(around, *b.graph_);
    const std::vector<Value> made =
        GraphEdit::add_loop(around, autograd::repeat_op(), std::make_shared<Loop>(loop), inputs);
    LoopResults out = results(loop, made, first);
    for (size_t i = 0; i < updated.size(); ++i) out.updates.push_back(assign(updated[i], made[first.size() + i]));
    return out;
  }

 private:
  static Graph& graph_of(int64_t times, std::span<const Value> first, std::span<const Value> sliced) {
    require(times >= 1, ErrorCode::invalid_argument, kWho, ": ", times, " times, it takes 1 or more");
    require(!first.empty() || !sliced.empty(), ErrorCode::invalid_argument, kWho,
            ": it needs carried values or sliced tensors");
    const Value one = first.empty() ? sliced[0] : first[0];
    (void)one.desc();
    for (std::span<const Value> values : {first, sliced})
      for (size_t i = 0; i < values.size(); ++i)
        require(values[i] && &values[i].graph() == &one.graph(), ErrorCode::invalid_argument, kWho, ": ",
                values.data() == first.data() && !first.empty() ? "first value " : "sliced tensor ", i,
                " is empty or of another graph");
    return one.graph();
  }

  static void give(LoopBody& b, std::span<const Value> first, std::span<const Value> sliced) {
    for (Value v : first) {
      b.first_values_.push_back(v);
      b.carried_.push_back(b.graph_->input(text("carried ", b.carried_.size()), v.desc()));
    }
    for (size_t i = 0; i < sliced.size(); ++i) {
      const Shape& shape = sliced[i].shape();
      require(shape.rank() >= 1 && shape[0] == b.times_, ErrorCode::shape_mismatch, kWho, ": sliced tensor ", i, " is ",
              sliced[i].desc(), "; for ", b.times_, " iterations it takes as many rows");
      b.sliced_from(to_rows(sliced[i]), {Shape(shape.dims().subspan(1)), sliced[i].dtype()});
    }
    b.given_slices_ = sliced.size();
  }

  static void check(const LoopBody& b, const LoopStep& step) {
    require(step.carried.size() == b.carried_.size(), ErrorCode::invalid_argument, kWho, ": the body leaves ",
            step.carried.size(), " values to the next iteration, the loop carries ", b.carried_.size());
    const auto require_inner = [&](const char* what, size_t i, Value v) {
      require(v && &v.graph() == b.graph_.get(), ErrorCode::invalid_argument, kWho, ": ", what, ' ', i,
              " is empty or of another graph; values from outside go in by capture()");
    };
    for (size_t i = 0; i < step.stacked.size(); ++i) require_inner("stacked value", i, step.stacked[i]);
    for (size_t i = 0; i < step.carried.size(); ++i) {
      require_inner("carried value", i, step.carried[i]);
      require(step.carried[i].desc() == b.carried_[i].desc(), ErrorCode::shape_mismatch, kWho, ": carried value ", i,
              " is ", b.carried_[i].desc(), " at first and ", step.carried[i].desc(), " after an iteration");
    }
  }

  // A variable that the body updates is carried, so that the variable itself changes once, after the loop, and until
  // then a step may still be dropped. Returns those variables.
  static std::vector<Value> carry_updates(LoopBody& b, LoopStep& step) {
    Graph& body = *b.graph_;
    std::set<int> bases;
    for (const Node& node : body.nodes())
      for (const Alias& alias : node.op->updates) {
        const int base = body.storage_of(node.outputs[alias.output]);
        require(body.arena_of(base).kind == ArenaKind::variable, ErrorCode::invalid_argument, kWho, ": ", node.op->name,
                " in the body updates '", body.info(base).name, "' ", body.info(base).desc,
                ", which is not a variable of the state; carry the value through the loop and update it afterwards");
        bases.insert(base);
      }
    std::vector<Value> updated;
    for (int base : bases) {
      const Value inside(&body, base);
      updated.push_back(b.around_.newest(b.around_.find(inside.name())));
      step.carried.push_back(stop_gradient(body.newest(inside)));
      b.carried_.push_back(inside);
      b.first_values_.push_back(updated.back());
      GraphEdit::detach(body, base, autograd::copy_of);
    }
    return updated;
  }

  // One more value is carried, which tells whether the loop has ended. Iterations after it may be skipped but for these
  // nodes, so all that they read then is what was carried, or a constant.
  static void hold(LoopBody& b, LoopStep& step) {
    require(&step.stop.graph() == b.graph_.get() && step.stop.desc().elements() == 1, ErrorCode::shape_mismatch, kWho,
            ": stop is ", step.stop.desc(), ", it takes one element");
    const Value ended = b.graph_->input("ended", {{1}, DType::f32});
    const auto held = [&](Value after, Value now) {
      return where(now.shape().rank() ? ended : reshape(ended, Shape{}), after, now);
    };
    const auto number = [&](float v, DType dtype) { return full(*b.graph_, Shape{}, v, dtype); };
    for (size_t i = 0; i < step.carried.size(); ++i) step.carried[i] = held(b.carried_[i], step.carried[i]);
    for (Value& v : step.stacked) v = held(number(0, v.dtype()), v);
    const Value flag = where(reshape(step.stop, Shape{1}), number(1, DType::f32), number(0, DType::f32));
    step.carried.push_back(held(ended, flag));
    b.carried_.push_back(ended);
    b.first_values_.push_back(zeros(b.around_, {1}));
  }

  static LoopResults results(const Loop& loop, const std::vector<Value>& made, std::span<const Value> first) {
    LoopResults out;
    for (size_t i = 0; i < first.size(); ++i) {
      const auto kept = std::ranges::find(loop.stacked, loop.carried[i].out, &Loop::Stacked::value);
      if (kept == loop.stacked.end()) {
        out.carried.push_back(made[i]);
        continue;
      }
      const int64_t row = loop.row(loop.times - 1);
      const Value rows = made[loop.carried.size() + static_cast<size_t>(kept - loop.stacked.begin())];
      out.carried.push_back(reshape(from_rows(slice_axis(rows, 0, row, row + 1), first[i].shape()), first[i].shape()));
    }
    for (size_t i = 0; i < loop.stacked.size(); ++i)
      out.stacked.push_back(
          from_rows(made[loop.carried.size() + i], loop.body->info(loop.stacked[i].value).desc.shape));
    return out;
  }
};

LoopResults repeat(int64_t times, std::span<const Value> first, std::span<const Value> sliced,
                   const std::function<LoopStep(LoopBody&)>& body, const LoopOptions& options) {
  return LoopBuilder::build(times, first, sliced, body, options);
}

}  // namespace lemnos
