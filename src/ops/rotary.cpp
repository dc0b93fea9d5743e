// Rotary positions: each pair (x[d], x[d + D/2]) of row x[.., D] is turned by the angle position / base^(2 d / D).
//   y[d] = x[d] cos - x[d + D/2] sin        y[d + D/2] = x[d + D/2] cos + x[d] sin
// Cosines and sines come from a table made on the host in double: a device's own may be off by 2^-11.

#include "shaders/rotary.h"

#include <cmath>

#include "lemnos/ops.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "reference/rotary.h"

namespace lemnos::ops {
namespace {

// x[.., D] with the table {cos, sin} f32[positions, D / 2, 2]; `rows` consecutive rows of x share a position.
std::vector<TensorDesc> infer_rotary(const Infer& in) {
  require_inputs(in, 2);
  require_float(in, 0);
  const Shape &x = in.in[0].shape, &table = in.in[1].shape;
  require(x.rank() >= 2 && x[x.rank() - 1] > 0 && x[x.rank() - 1] % 2 == 0, ErrorCode::shape_mismatch, in.op.name,
          ": x ", in.in[0], " takes two axes at least and rows of an even length");
  const int64_t elements = x[x.rank() - 1], rows = in.attrs<RotaryAttrs>().rows;
  require(in.in[1].dtype == DType::f32 && table.rank() == 3 && table[1] == elements / 2 && table[2] == 2 && rows >= 1 &&
              x.elements() / elements % (rows * table[0]) == 0,
          ErrorCode::shape_mismatch, in.op.name, ": table ", in.in[1], " for x ", in.in[0], " with ", rows,
          " rows to a position");
  return {in.in[0]};
}

std::vector<Dispatch> lower_rotary(Lower& c) {
  const auto attrs = c.attrs<RotaryAttrs>();
  const Shape& x = c.in(0).shape;
  const uint32_t count = count32(c.out(), c.node().op->name);
  const shaders::RotarySpec spec{.workgroup_size = 64, .format = format_of(c.out().dtype), .inverse = attrs.inverse};
  return {{.kernel = &c.kernel("rotary"),
           .tensors = {in_words(c.x(0)), c.x(1), in_words(c.y())},
           .spec = spec,
           .params = shaders::RotaryParams{.count = count,
                                           .elements = static_cast<uint32_t>(x[x.rank() - 1]),
                                           .rows = static_cast<uint32_t>(attrs.rows),
                                           .positions = static_cast<uint32_t>(c.in(1).shape[0])},
           .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
           .cost = {2 * c.out().bytes() + c.in(1).bytes(), 3ull * count}}};
}

std::vector<Value> grad_rotary(Grad& g) {
  auto attrs = g.attrs<RotaryAttrs>();
  attrs.inverse = !attrs.inverse;
  return {g.graph.add(*g.self().op, {g.dy(), g.in(1)}, attrs), {}};
}

const OpDef kRotaryOps[] = {
    {"rotary", infer_rotary, grad_rotary, lower_rotary, reference::rotary, attrs_of<RotaryAttrs>}};

}  // namespace

std::span<const OpDef> rotary_ops() { return kRotaryOps; }

Value rotate(Value x, bool heads_inside, double base) {
  const Shape shape = x.shape();
  const size_t rank = shape.rank();
  require(rank >= 2 && (!heads_inside || rank == 4), ErrorCode::shape_mismatch, "rotary: x ", x.desc(), " takes ",
          heads_inside ? "4" : "2", " axes", heads_inside ? "" : " at least");
  const int64_t positions = shape[heads_inside ? 1 : rank - 2], half = shape[rank - 1] / 2;
  std::vector<float> table(static_cast<size_t>(positions * half * 2));
  for (int64_t t = 0; t < positions; ++t)
    for (int64_t d = 0; d < half; ++d) {
      const double angle = static_cast<double>(t) * std::pow(base, -static_cast<double>(d) / static_cast<double>(half));
      table[static_cast<size_t>((t * half + d) * 2)] = static_cast<float>(std::cos(angle));
      table[static_cast<size_t>((t * half + d) * 2 + 1)] = static_cast<float>(std::sin(angle));
    }
  const Value turns = x.graph().constant({positions, half, 2}, table);
  return x.graph().add(kRotaryOps[0], {x, turns}, RotaryAttrs{.rows = heads_inside ? shape[2] : 1});
}

}  // namespace lemnos::ops

namespace lemnos {

Value rotary_positions(Value x, bool heads_inside, float base) { return ops::rotate(x, heads_inside, base); }

Value sinusoidal_positions(Graph& graph, int64_t positions, int64_t features, float base) {
  require(positions >= 1 && features >= 2 && features % 2 == 0, ErrorCode::invalid_argument,
          "sinusoidal_positions: ", positions, " positions of ", features, " features, an even number");
  std::vector<float> table(static_cast<size_t>(positions * features));
  for (int64_t t = 0; t < positions; ++t)
    for (int64_t d = 0; d < features; d += 2) {
      const double angle =
          static_cast<double>(t) * std::pow(double{base}, -static_cast<double>(d) / static_cast<double>(features));
      table[static_cast<size_t>(t * features + d)] = static_cast<float>(std::sin(angle));
      table[static_cast<size_t>(t * features + d + 1)] = static_cast<float>(std::cos(angle));
    }
  return graph.constant({positions, features}, table);
}

}  // namespace lemnos
