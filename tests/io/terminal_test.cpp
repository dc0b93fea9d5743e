#include "io/terminal.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lemnos::io {
namespace {

TEST(Bar, IsFullWhenAllIsDone) {
  EXPECT_EQ(bar_of(0, 4, 8), "........");
  EXPECT_EQ(bar_of(1, 4, 8), "==......");
  EXPECT_EQ(bar_of(4, 4, 8), "========");
  EXPECT_EQ(bar_of(5, 4, 8), "========");
  EXPECT_EQ(bar_of(-1, 4, 8), "........");
  EXPECT_EQ(bar_of(0, 0, 8), "........");
}

TEST(WorkText, SaysHowFarHowFastAndHowLong) {
  Work work{.name = "check", .part = "matmul", .done = 120, .all = 240, .seconds = 2, .memory = 512 << 20};
  EXPECT_EQ(work_text(work, 200),
            "check [===============...............] 120/240  matmul  60.0/s  2 s left  512.0 MiB");
  work.done = 0;
  work.memory = 0;
  EXPECT_EQ(work_text(work, 200), "check [..............................] 0/240  matmul");
}

TEST(WorkText, NeverWraps) {
  const Work work{.name = "bench", .part = "network softmax", .done = 1, .all = 1000000, .seconds = 1e-9, .memory = 1};
  const std::string whole = work_text(work, 10000);
  for (size_t columns = 0; columns < 200; ++columns) {
    const std::string line = work_text(work, columns);
    EXPECT_EQ(line.size(), std::min(whole.size(), columns > 0 ? columns - 1 : 0)) << columns;
    EXPECT_TRUE(whole.starts_with(line));
  }
}

}  // namespace
}  // namespace lemnos::io
