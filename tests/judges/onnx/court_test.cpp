// The court of ONNX: a case made by hand is right, wrong or not expressed.

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "judges/onnx/court.h"
#include "lemnos/error.h"
#include "onnx/bytes.h"

namespace lemnos::judges::onnx {
namespace {

using namespace lemnos::onnx::made;
namespace fs = std::filesystem;

std::string floats(const std::string& name, const std::vector<float>& numbers) {
  std::string bytes(numbers.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return ::lemnos::onnx::made::tensor(name, 1, {static_cast<int64_t>(numbers.size())}, {{9, bytes}});
}

// A folder with one case: y = op(a, b) of vectors; gone at the end.
class Folder {
 public:
  explicit Folder(const std::string& node, const std::vector<float>& y) {
    fs::remove_all(root_);
    fs::create_directories(place() / "test_data_set_0");
    const std::string graph =
        node + repeated(11, value("a", 1)) + repeated(11, value("b", 1)) + repeated(12, value("y", 1));
    write("model.onnx", repeated(7, graph) + repeated(8, number(2, 13)));
    write("test_data_set_0/input_0.pb", floats("a", {1, 2, 3}));
    write("test_data_set_0/input_1.pb", floats("b", {10, 20, 30}));
    write("test_data_set_0/output_0.pb", floats("y", y));
  }
  ~Folder() { fs::remove_all(root_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& root() const { return root_; }

 private:
  fs::path place() const { return root_ / "node" / "test_made"; }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(place() / name, std::ios::binary) << bytes;
  }
  fs::path root_ = fs::temp_directory_path() / "lemnos_onnx_court_test";
};

std::string node_of(const std::string& op, const std::string& more = {}) {
  return repeated(1, repeated(1, "a") + repeated(1, "b") + repeated(2, "y") + repeated(4, op) + more);
}

std::string said(const std::string& node, const std::vector<float>& y) {
  const Folder folder(node, y);
  std::ostringstream out;
  judge_onnx(Device::cpu(), folder.root(), {}).print(out);
  return out.str();
}

bool has_text(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(OnnxCourt, RightIsRight) {
  const std::string table = said(node_of("Add"), {11, 22, 33});
  EXPECT_TRUE(has_text(table, "expressed 1 of 1 calls, right 1, wrong 0")) << table;
}

TEST(OnnxCourt, AWrongResultIsNamed) {
  const std::string table = said(node_of("Add"), {11, 22, 34});
  EXPECT_TRUE(has_text(table, "wrong: Add test_made: result 0 is 33 instead of 34 at element 2")) << table;
}

TEST(OnnxCourt, NodesFollowEachOther) {
  const std::string first = repeated(1, repeated(1, "a") + repeated(1, "b") + repeated(2, "c") + repeated(4, "Mul"));
  const std::string second = repeated(1, repeated(1, "c") + repeated(2, "y") + repeated(4, "Neg"));
  const std::string table = said(first + second, {-10, -40, -90});
  EXPECT_TRUE(has_text(table, "graph.made")) << table;
  EXPECT_TRUE(has_text(table, "right 1, wrong 0")) << table;
}

TEST(OnnxCourt, WhatTheTablesDoNotHaveIsNotExpressed) {
  EXPECT_TRUE(has_text(said(node_of("Sub2"), {1, 2, 3}), "not expressed: 1 by no op: Sub2"));
  const std::string other = repeated(7, "elsewhere");
  EXPECT_TRUE(has_text(said(node_of("Add", other), {1, 2, 3}), "not expressed: 1 by no op: elsewhere.Add"));
}

TEST(OnnxCourt, AnAttributeOrInputThatNobodyReadsIsNotExpressed) {
  const std::string attribute = repeated(5, repeated(1, "saturate") + number(3, 1));
  EXPECT_TRUE(has_text(said(node_of("Div", attribute), {1, 2, 3}), "attribute saturate of Div has no counterpart"));
  EXPECT_TRUE(has_text(said(node_of("Neg"), {-1, -2, -3}), "input 1 of Neg has no counterpart"));
}

TEST(OnnxCourt, ADamagedCaseIsRefused) {
  const Folder folder(node_of("Add"), {11, 22, 33});
  fs::resize_file(folder.root() / "node" / "test_made" / "model.onnx", 20);
  EXPECT_THROW((void)judge_onnx(Device::cpu(), folder.root(), {}), Error);
}

TEST(OnnxCourt, AFolderWithoutCasesIsRefused) {
  const fs::path empty = fs::temp_directory_path() / "lemnos_onnx_court_empty";
  fs::create_directories(empty);
  EXPECT_THROW((void)judge_onnx(Device::cpu(), empty, {}), Error);
  fs::remove_all(empty);
}

}  // namespace
}  // namespace lemnos::judges::onnx
