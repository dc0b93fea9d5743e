// An arena longer than one binding may span is updated in slices: every element once, every offset aligned, the table
// of groups cut along.
#include <gtest/gtest.h>

#include <algorithm>

#include "lemnos/op.h"
#include "lemnos/optim.h"
#include "ops/op_table.h"
#include "shaders/kernels.h"

namespace {

using namespace lemnos;

// Elements of a large arena without memory: no session is opened.
constexpr int64_t kElements = 700'000;

std::vector<Dispatch> lowered(const Graph& graph, const char* op, uint64_t storage_range) {
  DeviceCaps caps;
  caps.max_storage_range = storage_range;
  for (const Node& node : graph.nodes()) {
    if (std::string_view(node.op->name) != op) continue;
    Lower context(graph, node, caps, find_kernel, "");
    return node.op->lower(context);
  }
  return {};
}

struct Large {
  Graph graph;
  Value p;
  Large() {
    const std::vector<float> zeros(kElements);
    p = graph.parameter("p", Shape{kElements}, zeros);
    (void)optim::apply(graph, optim::Adam{}, {.groups = {{.parameters = {p}, .lr_scale = .5f}}, .clip_norm = 1});
  }
};

TEST(Slices, CoverTheArenaOnce) {
  const Large large;
  const uint64_t arena = static_cast<uint64_t>(large.graph.state()->arena_elements()) * 4;
  for (const uint64_t range : {uint64_t{1} << 18, uint64_t{1} << 20, (uint64_t{1} << 20) + 12345, uint64_t{1} << 27}) {
    const std::vector<Dispatch> list = lowered(large.graph, "adam", range);
    EXPECT_EQ(list.size(), (arena + range / (1 << 18) * (1 << 18) - 1) / (range / (1 << 18) * (1 << 18)));
    uint64_t next = 0, next_block = 0;
    for (const Dispatch& dispatch : list) {
      for (size_t binding : {1u, 2u, 3u, 4u}) {
        EXPECT_EQ(dispatch.tensors[binding].offset, next);
        EXPECT_LE(dispatch.tensors[binding].bytes, range);
      }
      for (const TensorRef& tensor : dispatch.tensors) EXPECT_EQ(tensor.offset % 256, 0u);
      EXPECT_EQ(dispatch.tensors[6].offset, next_block);
      EXPECT_GE(dispatch.groups * 64 * 16, dispatch.tensors[1].bytes);
      next += dispatch.tensors[1].bytes;
      next_block += dispatch.tensors[6].bytes;
    }
    EXPECT_EQ(next, arena);
    EXPECT_EQ(next_block, arena / 4 / 64 * 8);
  }
}

TEST(Slices, NormAddsUpEveryPartialSumOnce) {
  const Large large;
  const uint64_t arena = static_cast<uint64_t>(large.graph.state()->arena_elements()) * 4;
  for (const uint64_t range : {uint64_t{1} << 18, uint64_t{1} << 20, uint64_t{1} << 27}) {
    const std::vector<Dispatch> list = lowered(large.graph, "gradient_norm", range);
    ASSERT_GE(list.size(), 2u);
    uint64_t next = 0, groups = 0;
    for (size_t i = 0; i + 1 < list.size(); ++i) {
      EXPECT_EQ(list[i].tensors[0].offset, next);
      EXPECT_EQ(list[i].tensors[0].offset % 256, 0u);
      next += list[i].tensors[0].bytes;
      groups += list[i].groups;
    }
    EXPECT_EQ(next, arena);
    EXPECT_EQ(list.back().tensors[1].bytes, groups * 8) << "two numbers each";
  }
}

// LAMB cuts its arenas alike, before and after the one launch over parameters.
TEST(Slices, LambCutsItsArenasTwice) {
  Graph graph;
  const Value p = graph.parameter("p", Shape{kElements}, std::vector<float>(kElements));
  (void)optim::apply(graph, optim::Lamb{}, {.groups = {{.parameters = {p}, .lr_scale = .5f}}});
  const uint64_t range = uint64_t{1} << 20, arena = static_cast<uint64_t>(graph.state()->arena_elements()) * 4;
  const std::vector<Dispatch> list = lowered(graph, "lamb", range);
  const uint64_t pieces = (arena + range - 1) / range;
  ASSERT_EQ(list.size(), 2 * pieces + 1);
  for (const size_t from : {size_t{0}, static_cast<size_t>(pieces) + 1})
    for (uint64_t i = 0; i < pieces; ++i) {
      const Dispatch& dispatch = list[from + i];
      EXPECT_EQ(dispatch.tensors[1].offset, i * range);
      EXPECT_EQ(dispatch.tensors[1].bytes, std::min(range, arena - i * range));
      EXPECT_EQ(dispatch.tensors[5].offset, i * range / 256 * 8);  // 8 bytes a block of 64 elements
      EXPECT_EQ(dispatch.tensors[7].offset, i * range / 256 * 8);
      EXPECT_EQ(dispatch.tensors[7].bytes, (dispatch.tensors[1].bytes + 255) / 256 * 8);
    }
}

// Matrices of one shape share a launch as far as a binding reaches over them.
TEST(Slices, MuonBindsRunsOfMatrices) {
  Graph graph;
  const std::vector<float> zeros(100 * 100);
  for (int i = 0; i < 30; ++i) {
    (void)graph.parameter("w" + std::to_string(i), Shape{100, 100}, zeros);
    (void)graph.parameter("b" + std::to_string(i), Shape{100}, std::span(zeros).first(100));
  }
  (void)optim::apply(graph, optim::Muon{});
  for (const char* op : {"muon_direction", "muon_update"})
    for (const uint64_t range : {uint64_t{1} << 16, uint64_t{1} << 18, uint64_t{1} << 27}) {
      const std::vector<Dispatch> list = lowered(graph, op, range);
      // A matrix takes 40000 bytes: a binding holds one, six with the biases between them, or all.
      EXPECT_EQ(list.size(), range == uint64_t{1} << 16 ? 30u : range == uint64_t{1} << 18 ? 5u : 1u) << op;
      uint64_t matrices = 0;
      for (const Dispatch& dispatch : list) {
        EXPECT_LE(dispatch.tensors[1].bytes, range);
        EXPECT_EQ(dispatch.tensors[1].offset % 256, 0u);
        EXPECT_EQ(dispatch.params.span()[2], matrices) << "the first of the run";
        EXPECT_EQ(dispatch.params.span()[3], dispatch.tensors[1].offset / 256) << "the block at which it begins";
        matrices += dispatch.params.span()[1] / (100 * 100);
      }
      EXPECT_EQ(matrices, 30u) << op;
    }
}

}  // namespace
