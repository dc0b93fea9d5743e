// Files and models that cannot be: one clear Error each.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "error_of.h"
#include "io/file.h"
#include "lemnos/onnx.h"
#include "onnx/bytes.h"
#include "onnx/models.h"

namespace lemnos::onnx {
namespace {

namespace fs = std::filesystem;

fs::path mistaken(const std::string& bytes) {
  const fs::path path = fs::path(::testing::TempDir()) / "lemnos_onnx_mistake.onnx";
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string node_of(const std::string& op, const std::string& name, const std::string& more = "") {
  using namespace made;
  return repeated(1, repeated(1, "x") + repeated(2, "y") + repeated(3, name) + repeated(4, op) + more);
}
std::string file_of(const std::string& nodes) {
  using namespace made;
  const std::string graph = nodes + repeated(11, value("x", 1)) + repeated(12, value("y", 1));
  return repeated(7, graph) + repeated(8, number(2, 17));
}

void expect_says(const Error& error, ErrorCode code, const std::string& words) {
  EXPECT_EQ(error.code(), code) << error.what();
  EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
}

TEST(OnnxLoad, UnknownOpsAreALineEach) {
  using namespace made;
  const fs::path file = mistaken(file_of(node_of("Relu", "fine") + node_of("NonMaxSuppression", "boxes") +
                                         node_of("FusedGemm", "fast", repeated(7, "com.microsoft"))));
  const Error error = error_of([&] { (void)load(file); });
  expect_says(error, ErrorCode::unsupported, "2 of 3 nodes are of ops that there are not");
  expect_says(error, ErrorCode::unsupported, "\n  node 'boxes': op NonMaxSuppression\n");
  expect_says(error, ErrorCode::unsupported, "\n  node 'fast': op com.microsoft.FusedGemm\n");
  expect_says(error, ErrorCode::unsupported, "known: Abs, Acos");
}

Error built_error(const fs::path& file, const TensorDesc& x = {{2, 3}}) {
  const Model model = load(file);
  Graph graph;
  return error_of([&] { (void)model(nn::Scope(graph, step_state(graph), false, 1), graph.input("x", x)); });
}

TEST(OnnxLoad, WhatANodeCannotIsSaidWithItsName) {
  using namespace made;
  const std::string axis = repeated(5, repeated(1, "axis") + number(3, 7) + number(20, 2));
  expect_says(built_error(mistaken(file_of(node_of("Softmax", "last", axis)))), ErrorCode::out_of_range,
              "onnx: node 'last' (Softmax): ");
  const std::string odd = repeated(5, repeated(1, "odd") + number(3, 7) + number(20, 2));
  expect_says(built_error(mistaken(file_of(node_of("Relu", "r", odd)))), ErrorCode::unsupported,
              "its attribute 'odd' has no counterpart");
  expect_says(built_error(mistaken(file_of(node_of("Add", "sum")))), ErrorCode::corrupt_data, "input 1 is missing");
}

TEST(OnnxLoad, OtherInputsThanTheFileHas) {
  using namespace made;
  const std::string shape = repeated(1, repeated(2, "batch")) + repeated(1, number(1, 5));
  const std::string input = repeated(1, "x") + repeated(2, repeated(1, number(1, 1) + repeated(2, shape)));
  const std::string graph = node_of("Relu", "r") + repeated(11, input) + repeated(12, value("y", 1));
  const fs::path file = mistaken(repeated(7, graph) + repeated(8, number(2, 17)));
  expect_says(built_error(file), ErrorCode::shape_mismatch, "input 'x' is [batch, 5], it was given f32[2, 3]");
}

TEST(OnnxLoad, NoFileAndNoModel) {
  expect_says(error_of([] { (void)load("nowhere.onnx"); }), ErrorCode::not_found, "nowhere.onnx: ");
  expect_says(error_of([] { (void)load(mistaken("")); }), ErrorCode::corrupt_data, "has no graph with outputs");
  expect_says(error_of([] { (void)load(mistaken("not a model")); }), ErrorCode::corrupt_data,
              "onnx: lemnos_onnx_mistake.onnx: protobuf");
}

// Whatever stands in a file, it is read or refused.
TEST(OnnxLoad, HostileBytes) {
  Trainer trainer = trained(networks()[0]);
  const fs::path file = fs::path(::testing::TempDir()) / "lemnos_onnx_hostile.onnx";
  save(trainer, file);
  const std::vector<uint8_t> bytes = io::read_file(file);
  const std::string whole(bytes.begin(), bytes.end());
  size_t refused = 0, tried = 0;
  const auto expect_read_or_refused = [&](const std::string& changed) {
    ++tried;
    try {
      const Model model = load(mistaken(changed));
      Graph graph;
      (void)model(nn::Scope(graph, step_state(graph), false, 1), graph.input("x", {{2, 5}}));
    } catch (const Error&) {
      ++refused;
    }
  };
  for (size_t size = 0; size < whole.size(); size += 7) expect_read_or_refused(whole.substr(0, size));
  EXPECT_EQ(refused, tried) << "a file that is cut short was taken";
  for (size_t at = 0; at < whole.size(); at += 5) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0xff);
    expect_read_or_refused(changed);
  }
  EXPECT_GT(refused, tried / 4);
}

TEST(OnnxSave, OpsWithoutACounterpart) {
  const Model model =
      nn::sequential({nn::Linear{.out = 4}, nn::function("inverse", [](Value x) { return erfinv(tanh(x)); })});
  Graph graph;
  (void)model(nn::Scope(graph, step_state(graph), false, 1), graph.input("x", {{2, 3}}));
  const auto session = Device::cpu().open(graph);
  const fs::path file = fs::path(::testing::TempDir()) / "lemnos_onnx_none.onnx";
  fs::remove(file);
  expect_says(error_of([&] { save(*session, model, {{3}}, file); }), ErrorCode::unsupported,
              "no counterpart in ONNX for: erfinv");
  EXPECT_FALSE(fs::exists(file));
}

TEST(OnnxSave, Mistakes) {
  const Network network = networks()[0];
  Trainer trainer = trained(network);
  const fs::path file = fs::path(::testing::TempDir()) / "lemnos_onnx_mistake.onnx";
  expect_says(error_of([&] {
                save(trainer, file, {.inputs = {"a", "b"}});
              }),
              ErrorCode::invalid_argument, "2 names for 1 input");
  expect_says(error_of([&] { save(trainer, file, {.batch = -1}); }), ErrorCode::invalid_argument, "a batch of -1");
  expect_says(error_of([&] { save(trainer, "no_such_folder/model.onnx"); }), ErrorCode::io, "no_such_folder");
  Trainer fresh = trainer_for(network.model);
  expect_says(error_of([&] { save(fresh, file); }), ErrorCode::invalid_argument,
              "does not know the shapes of its inputs");
}

}  // namespace
}  // namespace lemnos::onnx
