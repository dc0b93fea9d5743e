#include "train/progress_bar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace lemnos::train {
namespace {

size_t characters(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

TEST(ProgressBar, NeverWraps) {
  Progress p{.epoch = 123456, .epochs = 1000000, .step = 4, .steps = 4};
  p.so_far = {.loss = 1e300,
              .accuracy = .5,
              .samples = 128,
              .more = {{"gr\xc3\xb6\xc3\x9f"
                        "e",
                        NAN},
                       {"\xe5\x80\xa4", 1}}};
  p.samples_per_second = 1e-9;
  const std::string whole = bar_text(p, 100000);
  for (size_t columns = 0; columns < 500; ++columns) {
    const std::string bar = bar_text(p, columns);
    EXPECT_EQ(characters(bar), std::min(characters(whole), columns > 0 ? columns - 1 : 0)) << columns;
    EXPECT_TRUE(whole.starts_with(bar)) << columns;
    EXPECT_TRUE(bar.size() == whole.size() || (static_cast<unsigned char>(whole[bar.size()]) & 0xc0) != 0x80)
        << "a character is cut in two at " << columns;
  }
}

TEST(ProgressBar, ShowsThePositionOfTheRun) {
  Progress p{.epoch = 2, .epochs = 5, .step = 15, .steps = 30};
  p.so_far = {.loss = 1234.5, .accuracy = .25, .samples = 1500, .more = {}};
  p.samples_per_second = 100;
  EXPECT_EQ(bar_text(p, 200),
            "epoch 2/5 [===============...............] 15/30  loss 1234.5000  accuracy 0.2500  100/s  15 s left");
  EXPECT_TRUE(bar_text(p, 200, 30 << 20).ends_with("100/s  15 s left  30.0 MiB"));
}

}  // namespace
}  // namespace lemnos::train
