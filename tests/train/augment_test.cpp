// Augmentation: what each layer does to pictures, against the same on the host where there is one answer, and by its
// bounds where it is drawn.

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "lemnos/augment.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

constexpr int64_t kPictures = 24, kChannels = 2, kHeight = 9, kWidth = 7;
constexpr size_t kPlane = kHeight * kWidth, kPicture = kChannels * kPlane;

class Augment : public TrainTest {
 protected:
  /// What a layer makes of ramp() in step `step`.
  std::vector<float> augmented(const nn::Layer& layer, const std::vector<float>& pictures, bool training = true,
                               uint32_t step = 1) {
    Graph graph;
    const Value state = step_state(graph, 3);
    const Value x = graph.constant({kPictures, kChannels, kHeight, kWidth}, pictures);
    const Value y = layer(nn::Scope(graph, state, training, 7), x);
    EXPECT_EQ(y.shape(), x.shape());
    const auto session = device().open(graph);
    session->write(state, std::as_bytes(std::span(&step, 1)), 0);
    const auto program = session->compile({.targets = {identity(y)}});
    EXPECT_EQ(program->run(), Status::ok);
    return program->read_floats(program_target(graph));
  }
  static Value program_target(Graph& graph) { return {&graph, static_cast<int>(graph.values().size()) - 1}; }
  /// Different everywhere: picture, channel, row and column can be told from a value.
  static std::vector<float> ramp() {
    std::vector<float> x(kPictures * kPicture);
    for (size_t i = 0; i < x.size(); ++i) x[i] = 1 + static_cast<float>(i);
    return x;
  }
  static float pixel(const std::vector<float>& x, size_t picture, size_t channel, int64_t row, int64_t column) {
    if (row < 0 || column < 0 || row >= kHeight || column >= kWidth) return 0;
    return x[picture * kPicture + channel * kPlane + static_cast<size_t>(row * kWidth + column)];
  }
};
LEMNOS_ON_EVERY_DEVICE(Augment);

TEST_P(Augment, DoesNothingInEvaluation) {
  for (const nn::Layer& layer :
       std::vector<nn::Layer>{nn::RandomFlip{}, nn::RandomCrop{}, nn::RandomAffine{}, nn::RandomBrightness{},
                              nn::RandomContrast{}, nn::GaussianNoise{}, nn::Cutout{}})
    EXPECT_EQ(augmented(layer, ramp(), false), ramp()) << layer.kind();
}

TEST_P(Augment, FlipsAreMirrorImages) {
  const std::vector<float> x = ramp();
  std::map<std::pair<bool, bool>, int> seen;
  for (const uint32_t step : {1u, 2u, 3u}) {
    const std::vector<float> y = augmented(nn::RandomFlip{.horizontal = true, .vertical = true}, x, true, step);
    for (size_t p = 0; p < kPictures; ++p) {
      const auto before = seen;
      for (const bool across : {false, true})
        for (const bool down : {false, true}) {
          bool equal = true;
          for (size_t c = 0; c < kChannels; ++c)
            for (int64_t i = 0; i < kHeight; ++i)
              for (int64_t j = 0; j < kWidth; ++j)
                equal = equal &&
                        pixel(y, p, c, i, j) == pixel(x, p, c, down ? kHeight - 1 - i : i, across ? kWidth - 1 - j : j);
          if (equal) ++seen[{across, down}];
        }
      EXPECT_NE(seen, before) << "picture " << p << " of step " << step << " is none of the four";
    }
  }
  ASSERT_EQ(seen.size(), 4u) << testing::PrintToString(seen);
  for (const auto& [how, times] : seen) EXPECT_GE(times, 72 / 4 - 14) << testing::PrintToString(seen);
}

TEST_P(Augment, CropsMoveByWholePixels) {
  const std::vector<float> x = ramp(), y = augmented(nn::RandomCrop{.padding = 2}, x);
  std::set<std::pair<int64_t, int64_t>> moves;
  for (size_t p = 0; p < kPictures; ++p)
    for (int64_t di = -2; di <= 2; ++di)
      for (int64_t dj = -2; dj <= 2; ++dj) {
        bool equal = true;
        for (int64_t i = 0; i < kHeight; ++i)
          for (int64_t j = 0; j < kWidth; ++j) equal = equal && pixel(y, p, 1, i, j) == pixel(x, p, 1, i + di, j + dj);
        if (equal) moves.insert({di, dj});
      }
  EXPECT_GE(moves.size(), 12u) << "24 pictures over 25 places";
}

// A plane z = 3 row + column stays a plane under a turn, a scale and a move: wherever all four corners are inside.
TEST_P(Augment, AffineMapsKeepAPlaneAndStayInBounds) {
  std::vector<float> x(kPictures * kPicture);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = 100 + 3 * static_cast<float>(i % kPlane / kWidth) + static_cast<float>(i % kWidth);
  const std::vector<float> y = augmented(nn::RandomAffine{.degrees = 20, .scale = .1f, .translate = .05f}, x);
  double least_tilt = 10, most_tilt = -10;
  for (size_t p = 0; p < kPictures; ++p) {
    const double down = (pixel(y, p, 0, 5, 3) - pixel(y, p, 0, 3, 3)) / 2,
                 right = (pixel(y, p, 0, 4, 4) - pixel(y, p, 0, 4, 2)) / 2;
    EXPECT_NEAR(pixel(y, p, 0, 5, 4), pixel(y, p, 0, 4, 3) + down + right, 2e-3);
    // |gradient| = sqrt(10) over the scale, turned by at most 20 degrees.
    const double length = std::hypot(down, right) / std::sqrt(10.0);
    EXPECT_GT(length, 1 / 1.1 - 1e-3);
    EXPECT_LT(length, 1 / .9 + 1e-3);
    const double turned = std::atan2(down, right) - std::atan2(3, 1);
    EXPECT_LT(std::abs(turned), 20.1 * M_PI / 180);
    least_tilt = std::min(least_tilt, turned);
    most_tilt = std::max(most_tilt, turned);
    EXPECT_EQ(pixel(y, p, 0, 4, 3), pixel(y, p, 1, 4, 3)) << "channels turn together";
  }
  EXPECT_LT(least_tilt, -.1);
  EXPECT_GT(most_tilt, .1);
}

TEST_P(Augment, BrightnessAndContrastAreOneNumberForEachImage) {
  const std::vector<float> x = ramp();
  const std::vector<float> bright = augmented(nn::RandomBrightness{.range = .5f}, x),
                           contrast = augmented(nn::RandomContrast{.range = .5f}, x);
  std::set<float> shifts;
  for (size_t p = 0; p < kPictures; ++p) {
    const size_t at = p * kPicture;
    const float shift = bright[at] - x[at];
    shifts.insert(shift);
    EXPECT_LE(std::abs(shift), .501f);
    for (size_t i = at; i < at + kPicture; ++i) ASSERT_NEAR(bright[i] - x[i], shift, 1e-3);
    const double factor = (contrast[at + kPicture - 1] - contrast[at]) / (kPicture - 1);
    EXPECT_GT(factor, .499);
    EXPECT_LT(factor, 1.501);
    EXPECT_NEAR((contrast[at] + contrast[at + kPicture - 1]) / 2, (x[at] + x[at + kPicture - 1]) / 2, .05);
  }
  EXPECT_GT(shifts.size(), 20u);
}

TEST_P(Augment, CutoutZeroesASquare) {
  const std::vector<float> x = ramp(), y = augmented(nn::Cutout{.size = 4}, x);
  for (size_t p = 0; p < kPictures; ++p) {
    size_t zeros = 0;
    for (size_t i = p * kPicture; i < (p + 1) * kPicture; ++i) {
      zeros += y[i] == 0;
      EXPECT_TRUE(y[i] == 0 || y[i] == x[i]);
    }
    EXPECT_GE(zeros, 2u * 2 * kChannels) << "a quarter of the square at a corner";
    EXPECT_LE(zeros, 4u * 4 * kChannels);
  }
}

TEST_P(Augment, StepsDifferAndRepeat) {
  const nn::Layer layer = nn::GaussianNoise{.deviation = .1f};
  const std::vector<float> x = ramp(), one = augmented(layer, x, true, 1);
  EXPECT_EQ(one, augmented(layer, x, true, 1));
  EXPECT_NE(one, augmented(layer, x, true, 2));
}

TEST_P(Augment, TrainsAndDoesNothingInEvaluation) {
  const data::Split digits = data::digits(64, 8);
  Trainer trainer{device(),
                  nn::sequential({nn::RandomAffine{}, nn::Flatten{}, nn::Linear{.out = 10}}),
                  {.optimizer = optim::Adam{.lr = .01f}, .mixup = .3f}};
  trainer.fit(digits.train, {.epochs = 8, .batch_size = 32, .verbosity = Verbosity::silent});
  EXPECT_GT(trainer.evaluate(digits.train).accuracy, .3);
  EXPECT_EQ(trainer.predict(digits.test), trainer.predict(digits.test));
}

}  // namespace
}  // namespace lemnos::train_tests
