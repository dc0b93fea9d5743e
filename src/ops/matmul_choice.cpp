// Which kernel makes a product, and how it cuts C: the variants, best first, and what each refuses.

#include <algorithm>

#include "ops/lowering.h"
#include "ops/matmul.h"
#include "ops/matrix_unit.h"
#include "ops/turn.h"

namespace lemnos::ops {

uint64_t tiles_of(const Product& p, const Tiling& t) {
  return divide_up(p.m, t.tile_m) * divide_up(p.n, t.tile_n) * p.batches;
}

namespace {

constexpr Tiling kTilings[] = {
    {"tiled128", 256, 128, 128, 16, 8, 8},
    {"tiled64", 128, 64, 64, 16, 8, 4},
    {"tiled32", 64, 32, 32, 16, 4, 4},
};
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
  const uint64_t tiles = tiles_of(product_of(c), t);
  return tiles < kBusyGroups ? text(tiles, " tiles leave most of a device idle") : std::string();
}
std::string refuse_128(const Lower& c) { return refuse_tiling(c, kTilings[0]); }
std::string refuse_64(const Lower& c) { return refuse_tiling(c, kTilings[1]); }

std::string refuse_cooperative_matmul(const Lower& c, const Cooperation& cooperation) {
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
  const Product p = product_of(c);
  if (std::min(p.m, p.n) < f.m) return text("a side of ", std::min(p.m, p.n), " is smaller than a fragment");
  const uint64_t tiles = tiles_of(p, t);
  return &cooperation == &kCooperative[0] && tiles < kBusyGroups ? text(tiles, " tiles leave most of a device idle")
                                                                 : std::string();
}
std::string refuse_cooperative_wide(const Lower& c) { return refuse_cooperative_matmul(c, kCooperative[0]); }
std::string refuse_cooperative_plain(const Lower& c) { return refuse_cooperative_matmul(c, kCooperative[1]); }

uint32_t parts_of(const Product& p, const Tiling& t, bool forced) {
  const uint64_t slices = divide_up(p.k, t.tile_k);
  if (forced) return static_cast<uint32_t>(std::min<uint64_t>(slices, 3));
  const uint64_t wanted = divide_up(2 * kBusyGroups, std::max<uint64_t>(tiles_of(p, t), 1));
  return static_cast<uint32_t>(std::min({wanted, uint64_t{p.k / kLeastPart}, uint64_t{kMostParts}}));
}
std::string refuse_split(const Lower& c) {
  const Product p = product_of(c);
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
  if (!c.caps.software) return "variants with shared memory are faster on this device";
  return c.caps.fast_broadcast ? "" : "this driver broadcasts through memory";
}
// A software driver's rows of A^T lie a row of M apart, each in a page of its own: past a few hundred of them the
// processor translates more addresses than it remembers. Turned beforehand, they lie side by side.
std::string refuse_turned(const Lower& c) {
  if (!c.attrs<MatmulAttrs>().transpose_a) return "A is row-major";
  const Product p = product_of(c);
  if (!turns(c.in(0).dtype, p.k, p.m)) return text("halves of ", p.k, " x ", p.m, " are not transposed");
  if (const std::string why = refuse_broadcast(c); !why.empty() || c.forced()) return why;
  if (uint64_t{p.k} * p.m < kLeastTurned || p.n < kLeastReuse)
    return text("transposing A of ", p.k, " x ", p.m, " for ", p.n, " columns costs more than it saves");
  return {};
}
std::string refuse_direct(const Lower& c) {
  if (c.forced() || c.caps.software) return {};
  return "variants with shared memory are faster on this device";
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
Tiling direct_tiling(const Product& p, std::span<const Ownership> choices, uint32_t lanes) {
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

}  // namespace

const std::array<Variant, 9> kProductVariants = {{{"cooperative_wide", refuse_cooperative_wide},
                                                  {"cooperative", refuse_cooperative_plain},
                                                  {"split", refuse_split},
                                                  {"tiled128", refuse_128},
                                                  {"tiled64", refuse_64},
                                                  {"turned", refuse_turned},
                                                  {"broadcast", refuse_broadcast},
                                                  {"direct", refuse_direct},
                                                  {"tiled32"}}};

namespace {

ProductChoice choose_tiles(const Lower& c, const Product& p) {
  const std::string variant = c.variant();
  const DType dtype = c.out().dtype;
  if (variant == "turned" || variant == "broadcast")
    return {.tiling = direct_tiling(p, kBroadcast, c.caps.subgroup_size),
            .kernel = kernel_name("matmul_direct", dtype, c.caps) + ".broadcast",
            .turned = variant == "turned" && p.k > 0,
            .by_lane = true};
  if (variant == "direct")
    return {.tiling = direct_tiling(p, kUniform, 8),
            .kernel = kernel_name("matmul_direct", dtype, c.caps) + ".uniform"};
  for (const Cooperation& cooperation : kCooperative)
    if (variant == cooperation.name)
      return {.tiling = cooperative_tiling(c.caps, fragment_of(c.caps, dtype), cooperation),
              .kernel = kernel_name("matmul_cooperative", dtype, c.caps),
              .by_lane = true};
  ProductChoice choice{.tiling = kTilings[1], .kernel = kernel_name("matmul_tiled", dtype, c.caps)};
  if (variant == "split") choice.parts = parts_of(p, choice.tiling, c.forced());
  for (const Tiling& t : kTilings)
    if (variant == t.name) choice.tiling = t;
  return choice;
}

}  // namespace

ProductChoice choose_product(const Lower& c, const Product& p) {
  ProductChoice choice = choose_tiles(c, p);
  // An invocation that also sums up rows of A walks several of them.
  const uint64_t longest = c.outputs() > 1 ? kMostRounds : 4 * kMostRounds;
  choice.parts = std::max(choice.parts, static_cast<uint32_t>(divide_up(p.k, longest)));
  return choice;
}

}  // namespace lemnos::ops
