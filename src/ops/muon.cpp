// The launches of Muon (Jordan et al., 2024) beside its products, over n matrices of one shape which lie in the flat
// arenas, m their momentum and x the packed [n, rows, columns]:
//
// with m' = momentum m + (1 - momentum) g:
//
//   muon_direction   x = m', or momentum m' + (1 - momentum) g with nesterov
//   muon_update      m = m';  p *= 1 - lr weight_decay;  p -= lr scale x

#include "ops/muon.h"

#include <algorithm>

#include "ops/arena.h"
#include "ops/lowering.h"
#include "ops/step_state.h"
#include "reference/muon.h"
#include "shaders/muon.h"

namespace lemnos::ops {
namespace {

// The matrices that the attributes name: as many as `places` has, none of which leaves the arena.
Shape packed_shape(const Infer& in, const TensorDesc& arena, size_t places) {
  const auto attrs = in.attrs<MuonAttrs>();
  require(arena.dtype == DType::f32 && arena.shape.rank() == 1, ErrorCode::shape_mismatch, in.op.name, ": ", arena,
          " is no flat arena");
  const int64_t rows = attrs.rows, columns = attrs.columns;
  const std::vector<int64_t>& first = attrs.blocks;
  require(rows >= 1 && columns >= 1 && !first.empty(), ErrorCode::invalid_argument, in.op.name, ": ", first.size(),
          " matrices of ", rows, " rows and ", columns, " columns");
  for (const int64_t block : first)
    require(block >= 0 && block * static_cast<int64_t>(kBlock) + rows * columns <= arena.elements(),
            ErrorCode::out_of_range, in.op.name, ": a matrix of ", rows, " rows and ", columns, " columns at block ",
            block, " leaves the arena ", arena);
  const auto count = static_cast<int64_t>(first.size());
  const TensorDesc table{Shape{count}, DType::i32};
  require(in.in[places] == table, ErrorCode::shape_mismatch, in.op.name, ": places ", in.in[places], " of ", count,
          " matrices; they are ", table);
  return {count, rows, columns};
}

std::vector<TensorDesc> infer_direction(const Infer& in) {
  require_inputs(in, 4);
  require_same(in, 0, 2);
  require_state(in, 1);
  return {{packed_shape(in, in.in[0], 3), DType::f32}};
}

std::vector<TensorDesc> infer_muon_update(const Infer& in) {
  require_inputs(in, 7);
  require_same(in, 0, 1);
  require_same(in, 0, 3);
  require_state(in, 2);
  const Shape packed = packed_shape(in, in.in[0], 4);
  const TensorDesc factors{Shape{packed[0], 2}, DType::f32}, x{packed, DType::f32};
  require(in.in[5] == factors, ErrorCode::shape_mismatch, in.op.name, ": factors ", in.in[5], "; they are ", factors);
  require(in.in[6] == x, ErrorCode::shape_mismatch, in.op.name, ": x ", in.in[6], " for matrices ", x);
  return {in.in[0], in.in[3]};
}

/// Matrices [first, end), whose part of the arenas a device can bind at once.
struct Run {
  uint32_t first, end;
  ArenaPiece piece;
};
std::vector<Run> runs_of(const Lower& c, uint64_t matrix_bytes) {
  constexpr uint64_t kBlockBytes = 4 * kBlock;
  const std::vector<int64_t> blocks = c.attrs<MuonAttrs>().blocks;
  std::vector<Run> runs;
  for (uint32_t k = 0; k < blocks.size(); ++k) {
    const uint64_t begin = static_cast<uint64_t>(blocks[k]) * kBlockBytes, end = begin + matrix_bytes;
    if (!runs.empty()) {
      ArenaPiece& piece = runs.back().piece;
      const uint64_t from = std::min(piece.at, begin), to = std::max(piece.at + piece.size, end);
      if (to - from <= c.caps.max_storage_range) {
        piece = {from, to - from};
        runs.back().end = k + 1;
        continue;
      }
    }
    runs.push_back({k, k + 1, {begin, matrix_bytes}});
  }
  return runs;
}

/// One launch for each run; `bind` gives the tensors of one.
template <typename Bind>
std::vector<Dispatch> launches(Lower& c, const char* kernel, uint64_t arenas, Bind bind) {
  using namespace shaders;
  const auto a = c.attrs<MuonAttrs>();
  const auto real = [](double v) { return static_cast<float>(v); };
  const uint64_t size = static_cast<uint64_t>(a.rows * a.columns);
  std::vector<Dispatch> list;
  for (const Run& run : runs_of(c, 4 * size)) {
    const uint64_t count = size * (run.end - run.first);
    require(count < (uint64_t{1} << 32), ErrorCode::unsupported, c.node().op->name, ": ", count,
            " elements; a kernel counts to ", uint64_t{1} << 32);
    const MuonSpec spec{.workgroup_size = 64, .nesterov = a.nesterov, .clipped = a.clip_value > 0};
    list.push_back({.kernel = &c.kernel(kernel),
                    .tensors = bind(run.piece),
                    .spec = spec,
                    .params = MuonParams{.size = static_cast<uint32_t>(size),
                                         .count = static_cast<uint32_t>(count),
                                         .first = run.first,
                                         .origin = static_cast<uint32_t>(run.piece.at / (4 * kBlock)),
                                         .lr = real(a.lr),
                                         .scale = real(a.scale),
                                         .weight_decay = real(a.weight_decay),
                                         .clip_value = real(a.clip_value),
                                         .momentum = real(a.momentum),
                                         .rest = static_cast<float>(1 - a.momentum)},
                    .groups = divide_up(count, spec.workgroup_size),
                    .cost = {4 * count * arenas, 6 * count}});
  }
  return list;
}

std::vector<Dispatch> lower_direction(Lower& c) {
  return launches(c, "muon_direction", 3, [&](const ArenaPiece& piece) {
    return std::vector<TensorRef>{c.x(1), piece.of(c.x(0)), piece.of(c.x(2)), c.x(3), c.y()};
  });
}

std::vector<Dispatch> lower_muon_update(Lower& c) {
  return launches(c, "muon_update", 6, [&](const ArenaPiece& piece) {
    return std::vector<TensorRef>{c.x(2), piece.of(c.x(1)), piece.of(c.y(1)), c.x(4), c.x(6), piece.of(c.y(0)), c.x(5)};
  });
}

constexpr Alias kMuonUpdates[] = {{0, 0}, {1, 3}};
const OpDef kMuonOps[] = {
    {"muon_direction", infer_direction, nullptr, lower_direction, reference::muon_direction, attrs_of<MuonAttrs>},
    {"muon_update",
     infer_muon_update,
     nullptr,
     lower_muon_update,
     reference::muon_update,
     attrs_of<MuonAttrs>,
     {},
     kMuonUpdates},
};

}  // namespace

std::span<const OpDef> muon_ops() { return kMuonOps; }
const OpDef& muon_direction_op() { return kMuonOps[0]; }
const OpDef& muon_update_op() { return kMuonOps[1]; }

}  // namespace lemnos::ops
