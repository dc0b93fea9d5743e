// The launches of a product.

#include <algorithm>

#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "ops/matmul.h"
#include "ops/matrix_unit.h"
#include "ops/turn.h"
#include "shaders/matmul.h"
#include "shaders/matmul_reduce.h"

namespace lemnos::ops {

Product product_of(const Lower& c) {
  const Shape &a = c.in(0).shape, &b = c.in(1).shape, &out = c.out().shape;
  for (size_t i = 0; i < c.inputs(); ++i) count32(c.in(i), c.node().op->name);
  count32(c.out(), c.node().op->name);
  const auto attrs = c.attrs<MatmulAttrs>();
  Product p{.transpose_a = attrs.transpose_a, .transpose_b = attrs.transpose_b};
  p.m = static_cast<uint32_t>(stored_rows(out));
  p.n = static_cast<uint32_t>(stored_columns(out));
  p.k = static_cast<uint32_t>(p.transpose_a ? stored_rows(a) : stored_columns(a));
  p.batches = static_cast<uint32_t>(batch_of(out).elements());
  const bool one_b = batch_of(b).elements() == 1;
  if (one_b && !p.transpose_a) {  // the batches of A are further rows
    p.m *= p.batches;
    p.batches = 1;
    return p;
  }
  const Shape operands[] = {batch_of(a), batch_of(b)};
  const Folded folded = fold_axes(batch_of(out), operands, c.node().op->name);
  for (size_t i = 0; i < folded.rank; ++i) {
    p.extent[i] = folded.extent[i];
    p.a_stride[i] = folded.stride[0][i] * p.m * p.k;
    p.b_stride[i] = folded.stride[1][i] * p.k * p.n;
  }
  return p;
}

namespace {

// The word for the kernel: rows of `width` are whole groups of 8 (2), of 4 (1), or none (0).
uint32_t whole_groups(uint32_t width, const Tiling& t) {
  if (width % 4) return 0;
  return t.group == 8 && width % 8 == 0 ? 2 : 1;
}

shaders::MatmulSpec spec_of_matmul(const Lower& c, const Product& p, const Tiling& t, bool partial) {
  const Fragment f = fragment_of(c.caps, c.out().dtype);
  const auto attrs = c.attrs<MatmulAttrs>();
  return {.workgroup_size = t.workgroup,
          .transpose_a = p.transpose_a,
          .transpose_b = p.transpose_b,
          .vector_a = whole_groups(p.transpose_a ? p.m : p.k, t),
          .vector_b = whole_groups(p.transpose_b ? p.k : p.n, t),
          .vector_c = p.n % 4 == 0,
          .tile_m = t.tile_m,
          .tile_n = t.tile_n,
          .tile_k = t.tile_k,
          .rows = t.rows,
          .columns = t.columns,
          .has_bias = attrs.bias,
          .extra = static_cast<uint32_t>(attrs.extra),
          .activation = static_cast<uint32_t>(attrs.activation),
          .partial_sums = partial,
          .fragment_m = f.m,
          .fragment_n = f.n,
          .fragment_k = f.k,
          .masked = attrs.dropout > 0,
          .row_sums = c.outputs() > 1};
}

// What both kernels that finish a sum know of its mask.
template <typename Params>
void set_mask(Params& p, const MatmulAttrs& attrs) {
  p.threshold = static_cast<uint32_t>(attrs.dropout * 0x1p32);
  p.scale = static_cast<float>(1 / (1 - attrs.dropout));
  p.seed = static_cast<uint32_t>(attrs.seed);
  p.stream = static_cast<uint32_t>(attrs.stream);
}

shaders::MatmulParams params_of_matmul(const Lower& c, const Product& p, uint32_t parts, uint32_t part_k) {
  const auto attrs = c.attrs<MatmulAttrs>();
  shaders::MatmulParams params{.m = p.m,
                               .n = p.n,
                               .k = p.k,
                               .batches = p.batches,
                               .parts = parts,
                               .part_k = part_k,
                               .extent_1 = p.extent[1],
                               .extent_2 = p.extent[2],
                               .a_stride_0 = p.a_stride[0],
                               .a_stride_1 = p.a_stride[1],
                               .a_stride_2 = p.a_stride[2],
                               .b_stride_0 = p.b_stride[0],
                               .b_stride_1 = p.b_stride[1],
                               .b_stride_2 = p.b_stride[2],
                               .alpha = static_cast<float>(attrs.alpha),
                               .beta = static_cast<float>(attrs.beta),
                               .a = static_cast<float>(attrs.a),
                               .b = static_cast<float>(attrs.b)};
  set_mask(params, attrs);
  return params;
}

// What stands behind the operands and C in the bindings of both kernels. Whatever is absent is bound to something that
// is there and never touched.
struct Beside {
  TensorRef bias, extra, state, row_sums;
};
Beside beside(Lower& c, const TensorRef& any) {
  const ProductInputs at(c.attrs<MatmulAttrs>());
  const auto or_any = [&](size_t input) { return input ? in_words(c.x(input)) : any; };
  return {or_any(at.bias), or_any(at.extra), or_any(at.state), in_words(c.y(c.outputs() - 1))};
}

// Elements of one part of the sums in scratch.
uint64_t part_stride(const Lower& c, const Product& p) {
  return static_cast<uint64_t>(c.out().elements()) + (c.outputs() > 1 ? divide_up(p.m, 4) * 4 : 0);
}

Dispatch reduce(Lower& c, const Product& p, const Tiling& t, const TensorRef& sums, uint32_t parts,
                const Beside& more) {
  const shaders::MatmulSpec s = spec_of_matmul(c, p, t, false);
  const shaders::MatmulReduceSpec spec{.workgroup_size = 64,
                                       .vector_c = s.vector_c,
                                       .has_bias = s.has_bias,
                                       .extra = s.extra,
                                       .activation = s.activation,
                                       .masked = s.masked};
  const shaders::MatmulParams q = params_of_matmul(c, p, parts, 0);
  const uint32_t count = count32(c.out(), c.node().op->name), rows = c.outputs() > 1 ? p.m : 0;
  shaders::MatmulReduceParams params{.count = count,
                                     .rows = rows,
                                     .stride = static_cast<uint32_t>(part_stride(c, p)),
                                     .n = p.n,
                                     .parts = parts,
                                     .alpha = q.alpha,
                                     .beta = q.beta,
                                     .a = q.a,
                                     .b = q.b};
  set_mask(params, c.attrs<MatmulAttrs>());
  return {.kernel = &c.kernel(kernel_name("matmul_reduce", c.out().dtype, c.caps)),
          .tensors = {sums, in_words(c.y()), more.bias, more.extra, more.state, more.row_sums},
          .spec = spec,
          .params = params,
          .groups = divide_up(divide_up(uint64_t{count} + rows, 4), spec.workgroup_size),
          .cost = {sums.bytes + c.out().bytes(), uint64_t{parts} * count}};
}

}  // namespace

std::vector<Dispatch> lower_product(Lower& c) {
  if (c.out().elements() == 0) return {};
  Product p = product_of(c);
  const ProductChoice choice = choose_product(c, p);
  const Tiling& tiling = choice.tiling;
  const bool split = choice.parts > 1;
  const uint64_t part_k = divide_up(divide_up(std::max(p.k, 1u), choice.parts), tiling.tile_k) * tiling.tile_k;

  // Whatever is absent, or empty because K is 0, is bound to something that is there and never read.
  TensorRef a = p.k ? in_words(c.x(0)) : c.scratch(16);
  const TensorRef b = p.k ? in_words(c.x(1)) : a;
  std::vector<Dispatch> list;
  if (choice.turned) {
    const TensorRef by_rows = c.scratch(in_words(a).bytes);
    const uint32_t count = count32(c.in(0), c.node().op->name) / (p.m * p.k);
    list.push_back(turn(c, a, by_rows, c.in(0).dtype, {.count = count, .rows = p.k, .columns = p.m}));
    a = by_rows;
    p.transpose_a = false;
  }
  const Beside more = beside(c, a);
  const TensorRef sums = split ? c.scratch(choice.parts * part_stride(c, p) * 4) : in_words(c.y());
  require(sums.bytes < (uint64_t{1} << 34), ErrorCode::unsupported, c.node().op->name, ": ", choice.parts,
          " parts of C ", c.out(), " are more than a kernel counts");

  list.push_back({.kernel = &c.kernel(choice.kernel),
                  .tensors = {a, b, sums, more.bias, more.extra, more.state, more.row_sums},
                  .spec = spec_of_matmul(c, p, tiling, split),
                  .params = params_of_matmul(c, p, choice.parts, static_cast<uint32_t>(part_k)),
                  .groups = tiles_of(p, tiling) * choice.parts,
                  .cost = {c.in(0).bytes() + c.in(1).bytes() + sums.bytes, 2ull * p.m * p.n * p.k * p.batches},
                  .subgroup_size = choice.by_lane && c.caps.subgroup_size_control ? c.caps.subgroup_size : 0});
  if (split) list.push_back(reduce(c, p, tiling, sums, choice.parts, more));
  return list;
}

}  // namespace lemnos::ops
