// Where C++ meets C: exceptions as codes and messages, structs of other versions, and a program that throws.
#include "api/c_translate.h"

#include <gtest/gtest.h>

#include <new>
#include <set>
#include <stdexcept>

#include "api/c_handles.h"
#include "tests/error_of.h"

namespace lemnos::c {
namespace {

lemnos_error fresh() {
  lemnos_error error{};
  error.struct_size = sizeof error;
  return error;
}

TEST(Translate, EveryErrorCodeHasAResultOfItsOwn) {
  std::set<lemnos_result> seen{LEMNOS_OK};
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    lemnos_error error = fresh();
    const lemnos_result result = guard(&error, [&] { fail(code, "op: ", 3, " of ", 4); });
    EXPECT_TRUE(seen.insert(result).second) << to_string(code);
    EXPECT_EQ(error.code, result);
    EXPECT_STREQ(error.message, "op: 3 of 4");
    EXPECT_STREQ(lemnos_result_name(result), to_string(code));
    EXPECT_EQ(guard(nullptr, [&] { fail(code, "nobody asks"); }), result);
  }
  EXPECT_STREQ(lemnos_result_name(LEMNOS_OK), "ok");
  EXPECT_STREQ(lemnos_result_name(LEMNOS_CANCELLED), "cancelled");
  EXPECT_STREQ(lemnos_result_name(static_cast<lemnos_result>(99)), "unknown");
}

TEST(Translate, EveryOtherExceptionIsACode) {
  lemnos_error error = fresh();
  EXPECT_EQ(guard(&error, [] { throw std::bad_alloc(); }), LEMNOS_OUT_OF_MEMORY);
  EXPECT_STREQ(error.message, "out of host memory");
  EXPECT_EQ(guard(&error, [] { throw std::runtime_error("from elsewhere"); }), LEMNOS_INTERNAL);
  EXPECT_STREQ(error.message, "from elsewhere");
  EXPECT_EQ(guard(&error, [] { throw 7; }), LEMNOS_INTERNAL);
  EXPECT_STREQ(error.message, "an exception of unknown type");
  EXPECT_EQ(error.code, LEMNOS_INTERNAL);
  EXPECT_EQ(guard(&error, [] {}), LEMNOS_OK);
  EXPECT_EQ(error.code, LEMNOS_OK);
}

TEST(Translate, AStatusIsACode) {
  const std::pair<Status, lemnos_result> codes[] = {{Status::ok, LEMNOS_OK},
                                                    {Status::out_of_memory, LEMNOS_OUT_OF_MEMORY},
                                                    {Status::device_lost, LEMNOS_DEVICE_LOST},
                                                    {Status::cancelled, LEMNOS_CANCELLED}};
  for (const auto& [status, code] : codes) EXPECT_EQ(guard_status([s = status] { return s; }), code);
  EXPECT_EQ(guard_status([]() -> Status { fail(ErrorCode::io, "thrown"); }), LEMNOS_IO);
}

TEST(Translate, AnErrorStructOfAnySizeIsFilledToItsSize) {
  lemnos_error error = fresh();
  const auto of_size = [&](uint32_t size) {
    std::memset(&error, 0x7e, sizeof error);
    error.struct_size = size;
    EXPECT_EQ(guard(&error, [] { fail(ErrorCode::io, "a message"); }), LEMNOS_IO);
    return error;
  };
  EXPECT_EQ(of_size(0).code, 0x7e7e7e7e) << "it has no room, and was written";
  EXPECT_EQ(of_size(4).code, 0x7e7e7e7e);
  EXPECT_EQ(of_size(8).code, LEMNOS_IO);
  EXPECT_EQ(error.message[0], 0x7e) << "it has no room for a message";
  EXPECT_STREQ(of_size(12).message, "a m");
  EXPECT_EQ(error.message[4], 0x7e);
  EXPECT_STREQ(of_size(sizeof error + 64).message, "a message");
  error = fresh();
  (void)guard(&error, [] { fail(ErrorCode::io, std::string(5000, 'm')); });
  EXPECT_EQ(std::strlen(error.message), sizeof error.message - 1);
}

struct Options {
  uint32_t struct_size, first;
  uint64_t second;
};
struct NewerOptions {
  Options known;
  uint64_t third;
};

TEST(Structs, OfAnOlderCallerHaveZerosForWhatTheyLack) {
  const Options given{8, 5, 77};
  const Options seen = input(&given, "f");
  EXPECT_EQ(seen.first, 5u);
  EXPECT_EQ(seen.second, 0u);
}

TEST(Structs, OfANewerCallerMayNotUseWhatWeDoNotKnow) {
  NewerOptions given{{sizeof given, 5, 77}, 0};
  EXPECT_EQ(input(&given.known, "f").second, 77u);
  given.third = 1;
  const Error error = error_of([&] { (void)input(&given.known, "f"); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_STREQ(error.what(), "f: the caller's struct has 24 bytes and uses fields past the 16 that this version knows");
}

TEST(Structs, OfASizeThatCannotBeAreRefused) {
  Options given{0, 5, 77};
  EXPECT_STREQ(error_of([&] { (void)input(&given, "f"); }).what(),
               "f: struct_size is 0; set it to sizeof the struct, which is 16");
  given.struct_size = 1u << 20;
  EXPECT_STREQ(error_of([&] { (void)input(&given, "f"); }).what(),
               "f: struct_size is 1048576, and the struct has 16 bytes");
  EXPECT_STREQ(error_of([] { (void)input<Options>(nullptr, "f"); }).what(), "f: a struct is NULL");
}

TEST(Structs, InAnArrayHaveTheSizeOfTheFirst) {
  const NewerOptions newer[2] = {{{sizeof newer[0], 1, 2}, 0}, {{sizeof newer[0], 3, 4}, 0}};
  EXPECT_EQ(input_at(&newer[0].known, 1, "f").first, 3u);
  const uint32_t older[4] = {8, 1, 8, 3};
  EXPECT_EQ(input_at(reinterpret_cast<const Options*>(older), 1, "f").first, 3u);
}

TEST(Structs, ResultsAreFilledToTheirSize) {
  Options to{8, 0, 99};
  output(&to, Options{0, 6, 7}, "f");
  EXPECT_EQ(to.struct_size, 8u) << "it is the caller's";
  EXPECT_EQ(to.first, 6u);
  EXPECT_EQ(to.second, 99u) << "an older caller has no such field";
  NewerOptions newer{{sizeof newer, 0, 0}, 99};
  output(&newer.known, Options{0, 6, 7}, "f");
  EXPECT_EQ(newer.known.second, 7u);
  EXPECT_EQ(newer.third, 99u);
  output<Options>(nullptr, Options{}, "f");
  to.struct_size = 0;
  EXPECT_EQ(error_of([&] { output(&to, Options{}, "f"); }).code(), ErrorCode::invalid_argument);
}

/// A program on which everything fails.
class Broken final : public Program {
 public:
  Status run(uint32_t) override { broken(); }
  Status advance(const Budget&, Advanced*) override { broken(); }
  void cancel() override { broken(); }
  double step_microseconds() const override { broken(); }
  Status wait() override { broken(); }
  Profile profile(uint32_t) override { broken(); }
  void read(Value, std::span<std::byte>) override { broken(); }
  PlanSummary summary() const override { broken(); }
  std::string describe() const override { broken(); }
  void poison() override { broken(); }
  std::vector<std::string> damaged_guards() override { broken(); }

 private:
  [[noreturn]] static void broken() { fail(ErrorCode::device_lost, "the device is gone"); }
};

TEST(ProgramInC, WhatItThrowsIsACode) {
  Graph graph;
  const Value x = graph.input("x", {{1}, DType::f32});
  lemnos_program program;
  program.graph = &graph;
  program.own = std::make_shared<Broken>();
  program.program = program.own;
  lemnos_budget budget{};
  budget.struct_size = sizeof budget;
  EXPECT_EQ(lemnos_program_run(&program, 1), LEMNOS_DEVICE_LOST);
  EXPECT_EQ(lemnos_program_wait(&program), LEMNOS_DEVICE_LOST);
  EXPECT_EQ(lemnos_program_advance(&program, &budget, nullptr), LEMNOS_DEVICE_LOST);
  EXPECT_EQ(lemnos_program_cancel(&program), LEMNOS_DEVICE_LOST);
  lemnos_error error = fresh();
  float one;
  size_t length;
  EXPECT_EQ(lemnos_program_read(&program, x.id(), &one, sizeof one, &error), LEMNOS_DEVICE_LOST);
  EXPECT_STREQ(error.message, "the device is gone");
  EXPECT_EQ(lemnos_program_describe(&program, nullptr, 0, &length, &error), LEMNOS_DEVICE_LOST);
}

}  // namespace
}  // namespace lemnos::c
