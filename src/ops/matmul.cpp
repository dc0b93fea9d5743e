// C[.., M, N] = f(alpha A[.., M, K] B[.., K, N] + bias[N] + beta R[.., M, N]), or (alpha A B + bias) f'(S[.., M, N]);
// A may be stored [.., K, M] and B [.., N, K]; leading axes broadcast. f is a function of shaders/unary.h by its
// number. Where `dropout` is above 0, elements of C are dropped as dropout.cpp does it. Inputs: A, B, then bias, R or
// S, and the step state, each where the attributes say so. Where `row_sums` is set, of one product only, a second
// output is the sum of A's rows over K: with A = dy^T, as the gradient of a weight has it, that is the gradient of a
// bias.
//
//   dA = dC B^T    dB = A^T dC    dbias = sum of dC over rows    dR = beta dC    with dC = alpha mask dy f'(..)
//
// by further products with other transposes: nothing is transposed in memory.

#include "shaders/matmul.h"

#include <algorithm>

#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "ops/matrix_unit.h"
#include "ops/op_table.h"
#include "ops/products.h"
#include "ops/step_state.h"
#include "ops/turn.h"
#include "reference/unary.h"
#include "shaders/matmul_reduce.h"

namespace lemnos::reference {
void matmul(const Reference& c);
}

namespace lemnos::ops {
namespace {

Shape batch_of(const Shape& shape) { return Shape(shape.dims().first(shape.rank() - 2)); }
int64_t stored_rows(const Shape& shape) { return shape[shape.rank() - 2]; }
int64_t stored_columns(const Shape& shape) { return shape[shape.rank() - 1]; }

// Which input is what; 0 where there is none.
struct Places {
  size_t bias = 0, extra = 0, state = 0, count = 2;
  explicit Places(const Attrs& attrs) {
    if (attrs.flag("bias")) bias = count++;
    if (attrs.integer("extra")) extra = count++;
    if (attrs.real("dropout") > 0) state = count++;
  }
};

std::vector<TensorDesc> infer(const Infer& in) {
  const Places at(in.attrs);
  const int64_t extra = in.attrs.integer("extra"), activation = in.attrs.integer("activation");
  const double dropped = in.attrs.real("dropout");
  require_inputs(in, at.count);
  require(dropped >= 0 && dropped < 1, ErrorCode::invalid_argument, in.op.name, ": dropout ", dropped,
          " is outside [0, 1)");
  if (at.state) require_state(in, at.state);
  for (size_t i = 0; i < in.in.size(); ++i) {
    if (at.state && i == at.state) continue;
    require_float(in, i);
    require(in.in[i].dtype == in.in[0].dtype, ErrorCode::invalid_argument, in.op.name, ": input ", i, " is ", in.in[i],
            " but input 0 is ", in.in[0]);
  }
  const Shape &a = in.in[0].shape, &b = in.in[1].shape;
  require(a.rank() >= 2 && b.rank() >= 2, ErrorCode::shape_mismatch, in.op.name, ": A ", a, " and B ", b,
          " need two axes at least");
  const bool transpose_a = in.attrs.flag("transpose_a"), transpose_b = in.attrs.flag("transpose_b");
  const int64_t k = transpose_a ? stored_rows(a) : stored_columns(a);
  const int64_t other = transpose_b ? stored_columns(b) : stored_rows(b);
  require(k == other, ErrorCode::shape_mismatch, in.op.name, ": A ", a, transpose_a ? " transposed" : "", " has ", k,
          " columns, B ", b, transpose_b ? " transposed" : "", " has ", other, " rows");
  const int64_t m = transpose_a ? stored_columns(a) : stored_rows(a);
  const int64_t n = transpose_b ? stored_rows(b) : stored_columns(b);
  const Shape c =
      broadcast(batch_of(a), batch_of(b), text(in.op.name, ": A ", a, " and B ", b).c_str()).appended(m).appended(n);
  require(!at.bias || in.in[at.bias].shape == Shape{n}, ErrorCode::shape_mismatch, in.op.name, ": bias ",
          in.in[at.bias], " does not fit the columns of C ", c);
  require(!at.extra || in.in[at.extra].shape == c, ErrorCode::shape_mismatch, in.op.name, ": input ", at.extra, ' ',
          in.in[at.extra], " is not as C ", c);
  require(activation >= 0 && activation < static_cast<int64_t>(reference::unary_functions().size()) && extra >= 0 &&
              extra <= MATMUL_EXTRA_SLOPE,
          ErrorCode::invalid_argument, in.op.name, ": no activation ", activation, " or extra ", extra);
  if (!in.attrs.flag("row_sums")) return {{c, in.in[0].dtype}};
  require(c.rank() == 2, ErrorCode::shape_mismatch, in.op.name, ": sums of rows of a batch of products C ", c);
  return {{c, in.in[0].dtype}, {{m}, in.in[0].dtype}};
}

// Lowering
// -------------------------------------------------------------------------------------------------------------

/// One product as the kernels see it.
struct Problem {
  uint32_t m, n, k, batches;
  std::array<uint32_t, 3> extent{1, 1, 1}, a_stride{}, b_stride{};  // batch axes, outermost first
  bool transpose_a, transpose_b;
};

Problem problem_of(const Lower& c) {
  const Shape &a = c.in(0).shape, &b = c.in(1).shape, &out = c.out().shape;
  for (size_t i = 0; i < c.inputs(); ++i) count32(c.in(i), c.node().op->name);
  count32(c.out(), c.node().op->name);
  Problem p{.transpose_a = c.attrs().flag("transpose_a"), .transpose_b = c.attrs().flag("transpose_b")};
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
  require(folded.rank <= 3, ErrorCode::unsupported, c.node().op->name, ": the leading axes of A ", a, " and B ", b,
          " alternate ", folded.rank, " times; a kernel walks 3");
  for (size_t i = 0; i < folded.rank; ++i) {
    p.extent[i] = folded.extent[i];
    p.a_stride[i] = folded.stride[0][i] * p.m * p.k;
    p.b_stride[i] = folded.stride[1][i] * p.k * p.n;
  }
  return p;
}

/// How a kernel cuts C.
struct Tiling {
  const char* name;
  uint32_t workgroup, tile_m, tile_n, tile_k, rows, columns;
  uint32_t group = 4;  // elements that its kernel loads at once, where rows are whole groups
};
constexpr Tiling kTilings[] = {
    {"tiled128", 256, 128, 128, 16, 8, 8},
    {"tiled64", 128, 64, 64, 16, 8, 4},
    {"tiled32", 64, 32, 32, 16, 4, 4},
};
uint64_t tiles_of(const Problem& p, const Tiling& t) {
  return divide_up(p.m, t.tile_m) * divide_up(p.n, t.tile_n) * p.batches;
}
uint32_t shared_bytes(const Tiling& t) { return 4 * t.tile_k * (t.tile_m + t.tile_n + 8); }

/// The tile of the matrix unit: fragments of each subgroup, and subgroups of the workgroup, along M and N. A count of
/// fragments rather than of rows: what is unrolled stays the same on every device.
struct Cooperation {
  const char* name;
  uint32_t fragments_m, fragments_n, subgroups_m, subgroups_n;
};
constexpr Cooperation kCooperative[] = {{"cooperative_wide", 4, 2, 2, 4}, {"cooperative", 2, 2, 2, 2}};
Tiling cooperative_tiling(const DeviceCaps& caps, const Fragment& f, const Cooperation& c) {
  const uint32_t rows = c.fragments_m * f.m, columns = c.fragments_n * f.n;
  return {.name = c.name,
          .workgroup = c.subgroups_m * c.subgroups_n * caps.subgroup_size,
          .tile_m = c.subgroups_m * rows,
          .tile_n = c.subgroups_n * columns,
          .tile_k = 2 * f.k,
          .rows = rows,
          .columns = columns,
          .group = 8};
}
uint32_t cooperative_shared_bytes(const Tiling& t, const Cooperation& c, const Fragment& f) {
  // Lines of both slices with 16 bytes of padding, and a fragment of sums for each subgroup.
  return 2 * (t.tile_m + t.tile_n) * (t.tile_k + 8) + c.subgroups_m * c.subgroups_n * f.m * f.n * 4;
}

// A device of unknown width is kept busy by this many workgroups; fewer large tiles lose to more small ones.
constexpr uint64_t kBusyGroups = 96;
constexpr uint32_t kLeastPart = 256;  // of K: less does not pay for the second pass
constexpr uint32_t kMostParts = 32;
constexpr uint64_t kLeastTurned = 1 << 19;  // elements of an A that is worth a pass,
constexpr uint32_t kLeastReuse = 256;       // and columns of C that gain by it

std::string refuse_tiling(const Lower& c, const Tiling& t) {
  const uint32_t invocations = t.workgroup, shared = shared_bytes(t);
  if (c.caps.max_workgroup_invocations < invocations)
    return text("needs ", invocations, " invocations, the device has ", c.caps.max_workgroup_invocations);
  if (c.caps.max_shared_memory < shared)
    return text("needs ", shared, " bytes of shared memory, the device has ", c.caps.max_shared_memory);
  if (c.forced()) return {};
  if (c.caps.software) return "a software driver's shared memory is plain memory";
  const uint64_t tiles = tiles_of(problem_of(c), t);
  return tiles < kBusyGroups ? text(tiles, " tiles leave most of a device idle") : std::string();
}
std::string refuse_128(const Lower& c) { return refuse_tiling(c, kTilings[0]); }
std::string refuse_64(const Lower& c) { return refuse_tiling(c, kTilings[1]); }

std::string refuse_cooperative(const Lower& c, const Cooperation& cooperation) {
  const DeviceCaps& caps = c.caps;
  if (std::string why = refuse_matrix_unit(c, "matmul_cooperative"); !why.empty()) return why;
  const Fragment f = fragment_of(caps, c.out().dtype);
  const Tiling t = cooperative_tiling(caps, f, cooperation);
  if (caps.max_workgroup_invocations < t.workgroup)
    return text("needs ", t.workgroup, " invocations, the device has ", caps.max_workgroup_invocations);
  if (const uint32_t shared = cooperative_shared_bytes(t, cooperation, f); caps.max_shared_memory < shared)
    return text("needs ", shared, " bytes of shared memory, the device has ", caps.max_shared_memory);
  if (c.forced()) return {};
  if (caps.software) return "a software driver has no matrix unit";
  const Problem p = problem_of(c);
  if (std::min(p.m, p.n) < f.m) return text("a side of ", std::min(p.m, p.n), " fills no fragment");
  const uint64_t tiles = tiles_of(p, t);
  return &cooperation == &kCooperative[0] && tiles < kBusyGroups ? text(tiles, " tiles leave most of a device idle")
                                                                 : std::string();
}
std::string refuse_cooperative_wide(const Lower& c) { return refuse_cooperative(c, kCooperative[0]); }
std::string refuse_cooperative_plain(const Lower& c) { return refuse_cooperative(c, kCooperative[1]); }

uint32_t parts_of(const Problem& p, const Tiling& t, bool forced) {
  const uint64_t slices = divide_up(p.k, t.tile_k);
  if (forced) return static_cast<uint32_t>(std::min<uint64_t>(slices, 3));
  const uint64_t wanted = divide_up(2 * kBusyGroups, std::max<uint64_t>(tiles_of(p, t), 1));
  return static_cast<uint32_t>(std::min({wanted, uint64_t{p.k / kLeastPart}, uint64_t{kMostParts}}));
}
std::string refuse_split(const Lower& c) {
  const Problem p = problem_of(c);
  if (parts_of(p, kTilings[1], c.forced()) < 2) return text("K = ", p.k, " is too short to cut");
  if (c.forced()) return {};
  if (c.caps.software) return "a software driver is busy with few workgroups";
  const uint64_t tiles = tiles_of(p, kTilings[1]);
  return tiles >= kBusyGroups / 2 ? text(tiles, " tiles fill the device without cutting K") : std::string();
}
std::string refuse_broadcast(const Lower& c) {
  const uint32_t size = c.caps.subgroup_size;
  if (!c.caps.subgroup_arithmetic) return needs_subgroups(c);
  if (c.caps.min_subgroup_size != c.caps.max_subgroup_size) return "the size of a subgroup varies on this device";
  if (size != 4 && size != 8 && size != 16) return text("a subgroup of ", size, " is too wide to share rows");
  if (c.forced()) return {};
  if (!c.caps.software) return "a device with real shared memory feeds itself better from it";
  return c.caps.fast_broadcast ? "" : "this driver broadcasts through memory";
}
// A software driver's rows of A^T lie a row of M apart, each in a page of its own: past a few hundred of them the
// processor translates more addresses than it remembers. Turned beforehand, they lie side by side.
std::string refuse_turned(const Lower& c) {
  if (!c.attrs().flag("transpose_a")) return "A lies by rows";
  const Problem p = problem_of(c);
  if (!turns(c.in(0).dtype, p.k, p.m)) return text("halves of ", p.k, " x ", p.m, " are not turned");
  if (const std::string why = refuse_broadcast(c); !why.empty() || c.forced()) return why;
  if (uint64_t{p.k} * p.m < kLeastTurned || p.n < kLeastReuse)
    return text("turning A of ", p.k, " x ", p.m, " for ", p.n, " columns does not pay");
  return {};
}
std::string refuse_direct(const Lower& c) {
  if (c.forced() || c.caps.software) return {};
  return "a device with real shared memory feeds itself better from it";
}

/// What one invocation may own without shared memory, and how fast that was relative to the others where it was
/// measured (tests/bench/results/gemm.md): more sums share each load, until they no longer fit.
struct Ownership {
  uint32_t rows, columns;
  double speed;
  uint64_t least_flops;  // compiling the largest takes seconds on some drivers: only where there is work for it
};
constexpr Ownership kUniform[] = {
    {4, 4, .45, 0}, {4, 8, .55, 0}, {8, 8, .8, 0}, {16, 8, .9, 1 << 22}, {16, 16, 1.2, 1 << 26}};
constexpr Ownership kBroadcast[] = {{8, 4, .5, 0}, {16, 4, .85, 0}, {32, 4, 1, 1 << 22}, {32, 8, 1.05, 1 << 25}};

/// The one that finishes first, counting what it computes past the edges of C.
Tiling direct_tiling(const Problem& p, std::span<const Ownership> choices, uint32_t lanes) {
  const double flops = 2.0 * p.m * p.n * p.k * p.batches;
  Tiling best{};
  double least = 0;
  for (const Ownership& o : choices) {
    const uint32_t rows = lanes > o.rows && choices.data() == kBroadcast ? lanes : o.rows;  // a row for each at least
    const Tiling t{"direct", lanes, rows, lanes * o.columns, 4, rows, o.columns};
    const double time = static_cast<double>(tiles_of(p, t) * t.tile_m * t.tile_n) / o.speed;
    if (best.name && (time >= least || flops < static_cast<double>(o.least_flops))) continue;
    best = t;
    least = time;
  }
  return best;
}

// The word for the kernel: rows of `width` are whole groups of 8 (2), of 4 (1), or none (0).
uint32_t whole_groups(uint32_t width, const Tiling& t) {
  if (width % 4) return 0;
  return t.group == 8 && width % 8 == 0 ? 2 : 1;
}

shaders::MatmulSpec spec_of(const Lower& c, const Problem& p, const Tiling& t, bool partial) {
  const Fragment f = fragment_of(c.caps, c.out().dtype);
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
          .has_bias = c.attrs().flag("bias"),
          .extra = static_cast<uint32_t>(c.attrs().integer("extra")),
          .activation = static_cast<uint32_t>(c.attrs().integer("activation")),
          .partial_sums = partial,
          .fragment_m = f.m,
          .fragment_n = f.n,
          .fragment_k = f.k,
          .masked = c.attrs().real("dropout") > 0,
          .row_sums = c.outputs() > 1};
}

// What both kernels that finish a sum know of its mask.
template <typename Params>
void set_mask(Params& p, const Attrs& attrs) {
  const double dropped = attrs.real("dropout");
  p.threshold = static_cast<uint32_t>(dropped * 0x1p32);
  p.scale = static_cast<float>(1 / (1 - dropped));
  p.seed = static_cast<uint32_t>(attrs.integer("seed"));
  p.stream = static_cast<uint32_t>(attrs.integer("stream"));
}

shaders::MatmulParams params_of(const Lower& c, const Problem& p, uint32_t parts, uint32_t part_k) {
  const auto real = [&](const char* name) { return static_cast<float>(c.attrs().real(name)); };
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
                               .alpha = real("alpha"),
                               .beta = real("beta"),
                               .a = real("a"),
                               .b = real("b")};
  set_mask(params, c.attrs());
  return params;
}

// What stands behind the operands and C in the bindings of both kernels. Whatever is absent is bound to something that
// is there and never touched.
struct Beside {
  TensorRef bias, extra, state, row_sums;
};
Beside beside(Lower& c, const TensorRef& any) {
  const Places at(c.attrs());
  const auto or_any = [&](size_t input) { return input ? in_words(c.x(input)) : any; };
  return {or_any(at.bias), or_any(at.extra), or_any(at.state), in_words(c.y(c.outputs() - 1))};
}

// Elements of one part of the sums in scratch.
uint64_t part_stride(const Lower& c, const Problem& p) {
  return static_cast<uint64_t>(c.out().elements()) + (c.outputs() > 1 ? divide_up(p.m, 4) * 4 : 0);
}

Dispatch reduce(Lower& c, const Problem& p, const TensorRef& sums, uint32_t parts, const Beside& more) {
  const shaders::MatmulSpec s = spec_of(c, p, kTilings[1], false);
  const shaders::MatmulReduceSpec spec{.workgroup_size = 64,
                                       .vector_c = s.vector_c,
                                       .has_bias = s.has_bias,
                                       .extra = s.extra,
                                       .activation = s.activation,
                                       .masked = s.masked};
  const shaders::MatmulParams q = params_of(c, p, parts, 0);
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
  set_mask(params, c.attrs());
  return {.kernel = &c.kernel(kernel_name("matmul_reduce", c.out().dtype, c.caps)),
          .tensors = {sums, in_words(c.y()), more.bias, more.extra, more.state, more.row_sums},
          .spec = spec,
          .params = params,
          .groups = divide_up(divide_up(uint64_t{count} + rows, 4), spec.workgroup_size),
          .cost = {sums.bytes + c.out().bytes(), uint64_t{parts} * count}};
}

std::vector<Dispatch> lower(Lower& c) {
  Problem p = problem_of(c);
  if (c.out().elements() == 0) return {};
  const std::string variant = c.variant();
  const bool split = variant == "split", turned = variant == "turned" && p.k > 0;
  const bool broadcast = variant == "turned" || variant == "broadcast", direct = broadcast || variant == "direct";
  const bool cooperative = variant.starts_with("cooperative");
  Tiling tiling = kTilings[1];
  for (const Cooperation& cooperation : kCooperative)
    if (variant == cooperation.name)
      tiling = cooperative_tiling(c.caps, fragment_of(c.caps, c.out().dtype), cooperation);
  if (broadcast) tiling = direct_tiling(p, kBroadcast, c.caps.subgroup_size);
  if (variant == "direct") tiling = direct_tiling(p, kUniform, 8);
  for (const Tiling& t : kTilings)
    if (variant == t.name) tiling = t;
  const uint32_t parts = split ? parts_of(p, tiling, c.forced()) : 1;
  const uint64_t part_k = divide_up(divide_up(std::max(p.k, 1u), parts), tiling.tile_k) * tiling.tile_k;
  const uint64_t groups = tiles_of(p, tiling) * parts;

  // Whatever is absent, or empty because K is 0, is bound to something that is there and never read.
  TensorRef a = p.k ? in_words(c.x(0)) : c.scratch(16);
  const TensorRef b = p.k ? in_words(c.x(1)) : a;
  std::vector<Dispatch> list;
  if (turned) {
    const TensorRef by_rows = c.scratch(in_words(a).bytes);
    const uint32_t count = count32(c.in(0), c.node().op->name) / (p.m * p.k);
    list.push_back(turn(c, a, by_rows, c.in(0).dtype, {.count = count, .rows = p.k, .columns = p.m}));
    a = by_rows;
    p.transpose_a = false;
  }
  const Beside more = beside(c, a);
  const TensorRef sums = split ? c.scratch(parts * part_stride(c, p) * 4) : in_words(c.y());
  require(sums.bytes < (uint64_t{1} << 34), ErrorCode::unsupported, c.node().op->name, ": ", parts, " parts of C ",
          c.out(), " are more than a kernel counts");

  const char* stem = cooperative ? "matmul_cooperative" : direct ? "matmul_direct" : "matmul_tiled";
  std::string kernel = kernel_name(stem, c.out().dtype, c.caps);
  const bool sized = (broadcast || cooperative) && c.caps.subgroup_size_control;
  if (direct) kernel += broadcast ? ".broadcast" : ".uniform";
  list.push_back({.kernel = &c.kernel(kernel),
                  .tensors = {a, b, sums, more.bias, more.extra, more.state, more.row_sums},
                  .spec = spec_of(c, p, tiling, split),
                  .params = params_of(c, p, parts, static_cast<uint32_t>(part_k)),
                  .groups = groups,
                  .cost = {c.in(0).bytes() + c.in(1).bytes() + sums.bytes, 2ull * p.m * p.n * p.k * p.batches},
                  .subgroup_size = sized ? c.caps.subgroup_size : 0});
  if (split) list.push_back(reduce(c, p, sums, parts, more));
  return list;
}

// Gradients
// ------------------------------------------------------------------------------------------------------------

std::vector<Value> grad(Grad& g);

constexpr AttrDef kAttrs[] = {
    {"transpose_a", AttrDef::Kind::integer},
    {"transpose_b", AttrDef::Kind::integer},
    {"bias", AttrDef::Kind::integer},
    {"extra", AttrDef::Kind::integer},       // MATMUL_EXTRA_*
    {"activation", AttrDef::Kind::integer},  // UNARY_*
    {"alpha", AttrDef::Kind::real, 1},
    {"beta", AttrDef::Kind::real, 1},
    {"a", AttrDef::Kind::real},  // the function's own parameters
    {"b", AttrDef::Kind::real},
    {"dropout", AttrDef::Kind::real},  // rate
    {"seed", AttrDef::Kind::integer},
    {"stream", AttrDef::Kind::integer},
    {"row_sums", AttrDef::Kind::integer},
};
constexpr Variant kVariants[] = {{"cooperative_wide", refuse_cooperative_wide},
                                 {"cooperative", refuse_cooperative_plain},
                                 {"split", refuse_split},
                                 {"tiled128", refuse_128},
                                 {"tiled64", refuse_64},
                                 {"turned", refuse_turned},
                                 {"broadcast", refuse_broadcast},
                                 {"direct", refuse_direct},
                                 {"tiled32"}};

// Rows of C come from rows of A: of one product where A is not transposed, of many always. What the epilogue reads
// beside C goes along; B and the bias stay whole where they serve all.
uint32_t by_rows(const Lower& c) {
  if (c.attrs().real("dropout") > 0) return 0;  // an element's bits go by its place in the whole
  const size_t rank = c.out().shape.rank();
  if (rank > 2) return rows_of_output(c);
  if (rank < 2 || c.attrs().flag("transpose_a") || c.outputs() > 1) return 0;
  return 1u | (rows_of_output(c) & ~3u);
}

const OpDef kOps[] = {
    {"matmul", infer, grad, lower, reference::matmul, kAttrs, kVariants, {}, {}, {}, nullptr, by_rows}};

Value product(Value a, Value b, bool transpose_a, bool transpose_b, double alpha) {
  return a.graph().add(kOps[0], {a, b}, {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}, {"alpha", alpha}});
}

// The gradient of the sum in front of the function. Where f' is a function of x, the sum is computed again.
Value grad_of_sum(Grad& g) {
  const Attrs attrs = g.attrs();  // a copy: adding nodes moves the node
  const Places at(attrs);
  const int64_t activation = attrs.integer("activation");
  require(g.self().outputs.size() == 1 || !g.dy(1), ErrorCode::unsupported,
          "matmul: has no gradient of the sums of A's rows");
  Value dy = g.dy(), saved = g.out();
  if (at.state) {
    Attrs mask = {{"rate", attrs.real("dropout")}};
    for (const char* name : {"seed", "stream"}) mask.set(name, attrs.integer(name));
    dy = g.graph.add(find_op("dropout"), {dy, g.in(at.state)}, mask);
  }
  if (activation == UNARY_IDENTITY) return dy;
  if (attrs.integer("extra") == MATMUL_EXTRA_SLOPE) {
    require(!g.needs(at.extra), ErrorCode::unsupported, "matmul: has no gradient of a slope");
    saved = g.in(at.extra);
  } else {
    const bool of_output = reference::unary_functions()[static_cast<size_t>(activation)].slope_of_output;
    Attrs plain = attrs;
    plain.set("dropout", 0.0);
    plain.set("row_sums", false);
    if (!of_output) plain.set("activation", UNARY_IDENTITY);
    std::vector<Value> inputs;
    for (size_t i = 0; i < g.inputs(); ++i)
      if (!at.state || i != at.state) inputs.push_back(g.in(i));
    if (!of_output || at.state) saved = g.graph.add_all(kOps[0], inputs, plain)[0];
  }
  return g.graph.add(find_op("unary_backward"), {saved, dy},
                     {{"function", activation}, {"a", attrs.real("a")}, {"b", attrs.real("b")}});
}

Value as_rows(Value x) {
  return reshape(x, Shape{x.shape().elements() / stored_columns(x.shape()), stored_columns(x.shape())});
}

Value grad_b(Value a, Value b, Value dc, bool transpose_a, bool transpose_b, double alpha) {
  if (batch_of(b.shape()).elements() == 1 && !transpose_a && a.desc().elements() > 0 && dc.desc().elements() > 0) {
    // One B for all batches: their rows make one long product, whose K is all of them.
    a = as_rows(a);
    dc = as_rows(dc);
  }
  const Value db = transpose_b ? product(dc, a, true, transpose_a, alpha) : product(a, dc, !transpose_a, false, alpha);
  return db.shape().rank() < b.shape().rank() ? reshape(db, b.shape()) : sum_to(db, b.shape());
}

std::vector<Value> grad(Grad& g) {
  const bool ta = g.attrs().flag("transpose_a"), tb = g.attrs().flag("transpose_b");
  const double alpha = g.attrs().real("alpha"), beta = g.attrs().real("beta");
  const Value a = g.in(0), b = g.in(1), dc = grad_of_sum(g);
  std::vector<Value> gradients(g.inputs());
  if (g.needs(0)) {
    const Value da = ta ? product(b, dc, tb, true, alpha) : product(dc, b, false, !tb, alpha);
    gradients[0] = sum_to(da, a.shape());
  }
  if (g.needs(1)) gradients[1] = grad_b(a, b, dc, ta, tb, alpha);
  const Places at(g.attrs());
  if (at.bias && g.needs(at.bias)) {
    std::vector<int64_t> axes;
    for (size_t i = 0; i + 1 < dc.shape().rank(); ++i) axes.push_back(static_cast<int64_t>(i));
    gradients[at.bias] = sum(dc, axes);
  }
  if (g.attrs().integer("extra") == MATMUL_EXTRA_RESIDUAL && g.needs(at.extra))
    gradients[at.extra] = beta == 1 ? dc : affine(dc, static_cast<float>(beta), 0);
  return gradients;
}

}  // namespace

std::span<const OpDef> matmul_ops() { return kOps; }
Value plain_product(Value a, Value b, const MatmulOptions& o) { return product(a, b, o.transpose_a, o.transpose_b, 1); }

Value product_and_rest(Value a, Value b, double alpha, Value r, double beta) {
  return a.graph().add(kOps[0], {a, b, r}, {{"extra", MATMUL_EXTRA_RESIDUAL}, {"alpha", alpha}, {"beta", beta}});
}

}  // namespace lemnos::ops

namespace lemnos {

Value matmul(Value a, Value b, MatmulOptions options) { return ops::plain_product(a, b, options); }

Value linear(Value x, Value weight, Value bias) {
  require(x.shape().rank() >= 1 && weight.shape().rank() == 2, ErrorCode::shape_mismatch, "linear: x ", x.shape(),
          " needs one axis at least and weight ", weight.shape(), " two");
  const int64_t features = x.shape()[x.shape().rank() - 1];
  require(features == weight.shape()[1], ErrorCode::shape_mismatch, "linear: x ", x.shape(), " has ", features,
          " features, weight ", weight.shape(), " takes ", weight.shape()[1]);
  const bool vector = x.shape().rank() == 1;
  Value y = matmul(vector ? reshape(x, Shape{1, x.shape()[0]}) : x, weight, {.transpose_b = true});
  if (vector) y = reshape(y, Shape{weight.shape()[0]});
  if (!bias) return y;
  require(bias.shape() == Shape{weight.shape()[0]}, ErrorCode::shape_mismatch, "linear: bias ", bias.shape(),
          " does not fit weight ", weight.shape());
  return add(y, bias);
}

}  // namespace lemnos
