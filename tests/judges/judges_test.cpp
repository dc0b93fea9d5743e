// The court itself: what is wrong is found wrong, what cannot be said is not called right, and a loss is noticed.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "judges/judge.h"
#include "judges/report.h"
#include "lemnos/error.h"
#include "lemnos/ops.h"

namespace lemnos::judges {
namespace {

namespace fs = std::filesystem;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// A safetensors file of vectors: f32, and i64, which Lemnos itself does not write.
class Vectors {
 public:
  void f32(const std::string& name, const std::vector<float>& numbers) { add(name, "F32", numbers); }
  void i64(const std::string& name, const std::vector<int64_t>& numbers) { add(name, "I64", numbers); }
  Arrays arrays() const {
    const fs::path file = fs::temp_directory_path() / "lemnos_judges_test.safetensors";
    const std::string header = header_.dump();
    const uint64_t size = header.size();
    {
      std::ofstream out(file, std::ios::binary);
      out.write(reinterpret_cast<const char*>(&size), sizeof(size)) << header << data_;
    }
    Arrays read(file);
    fs::remove(file);
    return read;
  }

 private:
  template <typename T>
  void add(const std::string& name, const char* dtype, const std::vector<T>& numbers) {
    const size_t begin = data_.size();
    data_.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T));
    header_[name] = {{"dtype", dtype}, {"shape", {numbers.size()}}, {"data_offsets", {begin, data_.size()}}};
  }

  Json header_ = Json::object();
  std::string data_;
};

Json tensor(const char* name) { return {{"tensor", name}, {"requires_grad", true}}; }
Json call_of(const std::vector<Json>& args, const Json& kwargs = Json::object()) {
  return {{"args", args}, {"kwargs", kwargs}, {"results", {"y"}}, {"gradients", {{"x", "dx"}}}};
}

// x^2 with the court's gradient, 2 x cos(i + 1).
Vectors squares(std::vector<float> y = {1, 4, 9}, float change = 0) {
  Vectors v;
  v.f32("x", {1, 2, 3});
  v.f32("y", y);
  const auto at = [&](int i) { return static_cast<float>(2 * i * std::cos(i)); };
  v.f32("dx", {at(1), at(2), at(3) + change});
  return v;
}

Row row_of_judges(std::function<std::vector<Value>(Args&)> build) { return {std::move(build)}; }
Row square_row() {
  return row_of_judges([](Args& a) -> std::vector<Value> { return {square(a[0])}; });
}

Outcome judged(const Row& row, const Json& call, const Vectors& vectors) {
  return judge_call(Device::cpu(), row, call, vectors.arrays());
}

using Kind = Outcome::Kind;

TEST(Judge, RightIsRight) {
  const Outcome outcome = judged(square_row(), call_of({tensor("x")}), squares());
  EXPECT_EQ(outcome.kind, Kind::right) << outcome.message;
}

TEST(Judge, AWrongResultIsNamed) {
  const Outcome outcome = judged(square_row(), call_of({tensor("x")}), squares({1, 4, 9.125f}));
  EXPECT_EQ(outcome.kind, Kind::wrong);
  EXPECT_EQ(outcome.message, "result 0 is 9 instead of 9.125 at element 2");
}

TEST(Judge, AWrongGradientIsNamed) {
  const Outcome outcome = judged(square_row(), call_of({tensor("x")}), squares({1, 4, 9}, .5f));
  EXPECT_EQ(outcome.kind, Kind::wrong);
  EXPECT_TRUE(outcome.message.starts_with("gradient of x is ")) << outcome.message;
}

TEST(Judge, AGradientThatIsNotThereIsZeros) {
  const Row constant = row_of_judges([](Args& a) -> std::vector<Value> { return {square(stop_gradient(a[0]))}; });
  EXPECT_EQ(judged(constant, call_of({tensor("x")}), squares()).kind, Kind::wrong);
}

TEST(Judge, NanIsNanAlone) {
  EXPECT_EQ(judged(square_row(), call_of({tensor("x")}), squares({1, kNan, 9})).kind, Kind::wrong);
  Vectors v;
  v.f32("x", {kNan});
  v.f32("y", {kNan});
  v.f32("dx", {kNan});
  EXPECT_EQ(judged(square_row(), call_of({tensor("x")}), v).kind, Kind::right);
}

TEST(Judge, AnotherShapeIsWrong) {
  const Row summed = row_of_judges([](Args& a) -> std::vector<Value> { return {sum(square(a[0]))}; });
  EXPECT_EQ(judged(summed, call_of({tensor("x")}), squares()).message, "result 0 has shape [] instead of [3]");
}

TEST(Judge, AnErrorOfTheLibraryIsWrong) {
  const Row refused = row_of_judges([](Args& a) -> std::vector<Value> { return {clamp(a[0], 1, 0)}; });
  const Outcome outcome = judged(refused, call_of({tensor("x")}), squares());
  EXPECT_EQ(outcome.kind, Kind::wrong);
  EXPECT_NE(outcome.message.find("clamp"), std::string::npos) << outcome.message;
}

TEST(Judge, WhatTheRowCannotSayIsNotRight) {
  const Row none = row_of_judges([](Args&) -> std::vector<Value> { unexpressed("no op: cumsum"); });
  const Outcome outcome = judged(none, call_of({tensor("x")}), squares());
  EXPECT_EQ(outcome.kind, Kind::unexpressed);
  EXPECT_EQ(outcome.message, "no op: cumsum");
}

TEST(Judge, AnArgumentThatNobodyReadsIsNotExpressed) {
  EXPECT_EQ(judged(square_row(), call_of({tensor("x"), 3}), squares()).message, "argument 1 has no counterpart");
  EXPECT_EQ(judged(square_row(), call_of({tensor("x")}, {{"p", 3}}), squares()).message,
            "argument p has no counterpart");
  EXPECT_EQ(judged(square_row(), call_of({tensor("x")}, {{"p", nullptr}}), squares()).kind, Kind::right);
}

TEST(Judge, ClassIndicesAreReadAndKeptWithinTheirType) {
  Vectors v;
  v.i64("x", {1, -2, 7});
  v.i64("y", {1, -2, 7});
  v.i64("far", {int64_t{1} << 40});
  const Row same = row_of_judges([](Args& a) -> std::vector<Value> { return {maximum(a[0], a[0])}; });
  Json call = call_of({tensor("x")});
  call["gradients"] = Json::object();
  const Outcome outcome = judged(same, call, v);
  EXPECT_EQ(outcome.kind, Kind::right) << outcome.message;
  call["args"] = Json::array({tensor("far")});
  EXPECT_EQ(judged(same, call, v).message, "i64 input past i32");
}

TEST(Report, CountsAndTotals) {
  Report report;
  report.add("family", "b", "b 0 ()", {});
  report.add("family", "b", "b 1 ()", Outcome::unexpressed("no option: p"));
  report.add("family", "a", "a 0 ()", Outcome::wrong("result 0 is 1 instead of 2 at element 0"));
  std::ostringstream table, list;
  report.print(table);
  report.print_list(list);
  EXPECT_EQ(list.str(), "a 1 1 0\nb 2 1 1\n");
  EXPECT_NE(table.str().find("wrong: a 0 (): result 0 is 1 instead of 2 at element 0\n"), std::string::npos);
  EXPECT_NE(table.str().find("family: family: 2 ops, 3 calls, 2 expressed, 1 right\n"), std::string::npos);
  EXPECT_TRUE(table.str().ends_with("expressed 2 of 3 calls, right 1, wrong 1\n")) << table.str();
}

TEST(Report, WhatWasLostIsTold) {
  Report report;
  report.add("family", "a", "a 0 ()", {});
  report.add("family", "a", "a 1 ()", Outcome::wrong("result 0 .."));
  const auto held = [&](const std::string& pinned, std::string* said = nullptr) {
    std::istringstream in(pinned);
    std::ostringstream out;
    const bool holds = report.holds(in, out);
    if (said) *said = out.str();
    return holds;
  };
  EXPECT_TRUE(held("a 2 2 1\n"));
  std::string said;
  EXPECT_TRUE(held("a 2 1 1\n", &said));
  EXPECT_EQ(said, "won: a had 1 expressed and 1 right, has 2 and 1\n");
  EXPECT_FALSE(held("a 2 2 2\n", &said));
  EXPECT_EQ(said, "lost: a had 2 expressed and 2 right, has 2 and 1\n");
  EXPECT_FALSE(held("a 3 3 1\n"));
  EXPECT_FALSE(held("gone 1 1 1\n"));
  EXPECT_THROW(held("a 2 two 1\n"), Error);
}

}  // namespace
}  // namespace lemnos::judges
