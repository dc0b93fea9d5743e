#include "io/digits.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/hash.h"
#include "io_test.h"

namespace lemnos::io {
namespace {

TEST(Digits, HaveTheirShape) {
  const ImageSet set = make_digits(50, 3);
  EXPECT_EQ(set.count, 50);
  EXPECT_EQ(set.height, 28);
  EXPECT_EQ(set.width, 28);
  EXPECT_EQ(set.classes, 10);
  EXPECT_EQ(set.pixels.size(), 50u * 784u);
  EXPECT_EQ(set.labels.size(), 50u);
  EXPECT_EQ(make_digits(0, 3).pixels.size(), 0u);
  EXPECT_REFUSED(make_digits(-1, 3), invalid_argument, "make_digits: count -1 is not in 0 to 4294967296");
}

// The bytes are a promise to every machine: results published with a seed can be repeated.
TEST(Digits, HaveTheSameBytesEverywhere) {
  const ImageSet set = make_digits(1000, 1);
  EXPECT_EQ(Hash().bytes(set.pixels.data(), set.pixels.size()).value(), 0xe1510b77e4e3e96cull);
  const std::vector<uint8_t> labels(set.labels.begin(), set.labels.end());
  EXPECT_EQ(Hash().bytes(labels.data(), labels.size()).value(), 0x95854b12edc65c94ull);
}

// 2100 images are drawn by several threads, 300 by one.
TEST(Digits, LongerSetBeginsWithShorterOne) {
  const ImageSet few = make_digits(300, 5);
  const ImageSet many = make_digits(2100, 5);
  EXPECT_TRUE(std::equal(few.pixels.begin(), few.pixels.end(), many.pixels.begin()));
  EXPECT_TRUE(std::equal(few.labels.begin(), few.labels.end(), many.labels.begin()));
}

TEST(Digits, ClassesAreBalancedAndImagesHoldInk) {
  const ImageSet set = make_digits(5000, 7);
  std::array<int, 10> counts{};
  for (const int32_t label : set.labels) ++counts.at(static_cast<size_t>(label));
  for (const int count : counts) EXPECT_NEAR(count, 500, 5 * std::sqrt(450.0));
  for (int64_t i = 0; i < set.count; ++i) {
    const auto image = set.image(i);
    const auto dark = std::count_if(image.begin(), image.end(), [](uint8_t p) { return p >= 128; });
    ASSERT_GE(dark, 10) << "image " << i;
    ASSERT_LE(dark, 392) << "image " << i;
  }
}

// The image nearest to the mean of its class is right far more often than by chance, and far from always: the set is
// neither noise nor trivial.
TEST(Digits, AreLearnableAndNotTrivial) {
  const ImageSplit split = digits(3000, 500);
  std::array<std::array<double, 784>, 10> mean{};
  std::array<double, 10> count{};
  for (int64_t i = 0; i < split.train.count; ++i) {
    const auto label = static_cast<size_t>(split.train.labels[static_cast<size_t>(i)]);
    count[label] += 1;
    for (size_t p = 0; p < 784; ++p) mean[label][p] += split.train.image(i)[p];
  }
  int right = 0;
  for (int64_t i = 0; i < split.test.count; ++i) {
    std::array<double, 10> distance{};
    for (size_t label = 0; label < 10; ++label)
      for (size_t p = 0; p < 784; ++p) {
        const double difference = split.test.image(i)[p] - mean[label][p] / count[label];
        distance[label] += difference * difference;
      }
    const auto nearest = std::min_element(distance.begin(), distance.end()) - distance.begin();
    right += nearest == split.test.labels[static_cast<size_t>(i)];
  }
  EXPECT_GT(right, 250);
  EXPECT_LT(right, 475);
}

TEST(Digits, TrainAndTestShareNoImage) {
  const ImageSplit split = digits(1000, 1000);
  std::vector<uint64_t> seen;
  for (const ImageSet* set : {&split.train, &split.test})
    for (int64_t i = 0; i < set->count; ++i) seen.push_back(Hash().bytes(set->image(i).data(), 784).value());
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

}  // namespace
}  // namespace lemnos::io
