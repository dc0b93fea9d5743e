// Running sums, products and extremes along an axis, as loops (lemnos/loop.h): what one iteration carries is the result
// so far.

#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "judges/helpers.h"
#include "judges/places.h"
#include "judges/tables.h"
#include "lemnos/loop.h"

namespace lemnos::judges {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Step = Value (*)(Value carried, Value row);

Axes moved(size_t rank, size_t axis) {
  Axes order = integers(static_cast<int64_t>(rank));
  std::swap(order[0], order[axis]);
  return order;
}

}  // namespace

Scanned scan(Value x, size_t axis, float first, Step step) {
  const Axes order = moved(x.shape().rank(), axis);
  const Value rows = permute(x, order), start = full(x.graph(), rows.shape().without(0), first);
  if (x.shape()[axis] == 0) return {x, start};
  const LoopResults r = repeat(rows.shape()[0], {start}, {rows}, [&](LoopBody& body) {
    const Value next = step(body.carried(), body.slice());
    return LoopStep{.carried = {next}, .stacked = {next}};
  });
  return {permute(r.stacked[0], order), r.carried[0]};
}

namespace {

auto running(float first, Step step) {
  return [first, step](Args& a) {
    const Value x = at_least_1d(a[0]);
    return reshape(scan(x, x.shape().axis(a.integer({1, "dim"}), "scan"), first, step).all, a[0].shape());
  };
}

// Below the largest, where f32 has digits to tell the terms apart.
Value logcumsumexp(Args& a) {
  const Value x = at_least_1d(a[0]);
  const size_t axis = x.shape().axis(a.integer({1, "dim"}), "scan");
  const Value most = stop_gradient(reduce_max(x, {static_cast<int64_t>(axis)}, true));
  return reshape(scan(x - most, axis, -kInfinity, logaddexp).all + most, a[0].shape());
}

// The extreme so far and where it stands, the last of equals.
auto running_extreme(float first, Value (*holds)(Value, Value)) {
  return [first, holds](Args& a) -> std::vector<Value> {
    const Value x = at_least_1d(a[0]);
    const Axes order = moved(x.shape().rank(), x.shape().axis(a.integer({1, "dim"}), "scan"));
    const Value rows = permute(x, order);
    const Shape row = rows.shape().without(0);
    const Value start = full(a.graph(), row, first), nowhere = full(a.graph(), row, 0, DType::i32);
    const LoopResults r = repeat(rows.shape()[0], {start, nowhere}, {rows}, [&](LoopBody& body) {
      const Value better = holds(body.slice(), body.carried(0));
      const Value next = where(better, body.slice(), body.carried(0));
      const Value place = where(better, broadcast_to(reshape(body.index(), Shape{}), row), body.carried(1));
      return LoopStep{.carried = {next, place}, .stacked = {next, place}};
    });
    return {reshape(permute(r.stacked[0], order), a[0].shape()), reshape(permute(r.stacked[1], order), a[0].shape())};
  };
}

Value prod(Args& a) {
  const Value x = a.has({1, "dim"}) ? at_least_1d(a[0]) : reshape(a[0], Shape{a[0].shape().elements()});
  const size_t axis = x.shape().axis(a.integer({1, "dim"}, 0), "prod");
  const Shape order_of_rest = permute(x, moved(x.shape().rank(), axis)).shape().without(0);
  const Value y = scan(x, axis, 1, multiply).last;  // the axis in front, the first at its place
  Axes back = integers(static_cast<int64_t>(order_of_rest.rank()));
  if (axis > 0) {
    back.erase(back.begin() + static_cast<std::ptrdiff_t>(axis) - 1);
    back.insert(back.begin(), static_cast<int64_t>(axis) - 1);
  }
  const Value z = back.empty() ? y : permute(y, back);
  if (a[0].shape().rank() == 0) return a.ignore({2, "keepdim"}), reshape(z, Shape{});
  return a.flag({2, "keepdim"}, false) ? unsqueeze(z, static_cast<int64_t>(axis)) : z;
}

}  // namespace

void add_scans(Table& t) {
  t.add("cumsum", running(0, add));
  t.add("cumprod", running(1, multiply), kCourt, kCancelling);
  t.add("logcumsumexp", logcumsumexp);
  t.add("cummax", running_extreme(-kInfinity, greater_equal), kExact);
  t.add("cummin", running_extreme(kInfinity, less_equal), kExact);
  t.add("prod", prod, kCourt, kCancelling);
}

}  // namespace lemnos::judges
