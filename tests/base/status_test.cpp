#include "base/status.h"

#include <gtest/gtest.h>

#include "base/stopwatch.h"
#include "tests/error_of.h"

namespace lemnos {
namespace {

Error error_of_status(Status status) {
  return error_of([&] { require_ok(status, "read"); });
}

TEST(RequireOk, ThrowsTheErrorOfTheStatus) {
  EXPECT_NO_THROW(require_ok(Status::ok, "read"));
  EXPECT_EQ(error_of_status(Status::device_lost).code(), ErrorCode::device_lost);
  EXPECT_EQ(error_of_status(Status::out_of_memory).code(), ErrorCode::out_of_memory);
  EXPECT_EQ(error_of_status(Status::cancelled).code(), ErrorCode::internal);
  EXPECT_EQ(error_of_status(Status::device_lost).what(), std::string("read: ") + to_string(Status::device_lost));
}

TEST(Stopwatch, NeverRunsBackwards) {
  const Stopwatch clock;
  const double before = clock.microseconds();
  EXPECT_GE(before, 0);
  EXPECT_GE(1e6 * clock.seconds(), before);
}

}  // namespace
}  // namespace lemnos
