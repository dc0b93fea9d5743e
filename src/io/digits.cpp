#include "io/digits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>
#include <vector>

#include "base/philox.h"
#include "base/random.h"
#include "base/text.h"
#include "base/threads.h"
#include "io/glyphs.h"

namespace lemnos::io {
namespace {

constexpr int kSize = 28;                             // pixels a side
constexpr int kPixels = kSize * kSize;                // an image
constexpr double kGlyphHeight = 19;                   // pixels, before scaling
constexpr double kGlyphWidth = 13;                    // pixels, before scaling
constexpr double kJitter = 0.04;                      // standard deviation of a knot, in boxes
constexpr int kStepsPerSpan = 6;                      // segments between two knots
constexpr uint64_t kNoiseStream = uint64_t{1} << 63;  // apart from the streams of the images

struct Point {
  double x = 0, y = 0;
};

// What differs from one writer, pen and sheet to the next.
struct Hand {
  double xx = 1, xy = 0, yx = 0, yy = 1;  // turn, scale and shear
  double dx = 0, dy = 0;                  // pixels
  double bend_x = 0, bend_y = 0;          // quadratic warp of the box
  double radius = 1;                      // of the pen, pixels
  double edge = 1;                        // width of its soft rim, pixels
  double ink = 255;
};

Hand random_hand(Random& random) {
  Hand hand;
  // A turn by 2 atan(t) from exactly rounded operations alone: sine and cosine of a C library differ in the last bit.
  const double t = random.uniform(-0.13, 0.13);
  const double cosine = (1 - t * t) / (1 + t * t);
  const double sine = 2 * t / (1 + t * t);
  const double scale = random.uniform(0.86, 1.08);
  const double width = kGlyphWidth * scale * random.uniform(0.8, 1.2);
  const double height = kGlyphHeight * scale;
  const double shear = random.uniform(-0.32, 0.18);  // most hands lean to the right
  hand.xx = width * cosine;
  hand.xy = height * (shear * cosine - sine);
  hand.yx = width * sine;
  hand.yy = height * (shear * sine + cosine);
  hand.dx = kSize / 2.0 + random.uniform(-1.3, 1.3);
  hand.dy = kSize / 2.0 + random.uniform(-1.3, 1.3);
  hand.bend_x = random.uniform(-0.4, 0.4);
  hand.bend_y = random.uniform(-0.3, 0.3);
  hand.radius = random.uniform(0.85, 1.8);
  hand.edge = random.uniform(0.9, 1.6);
  hand.ink = random.uniform(190, 255);
  return hand;
}

// From the box of the glyph to pixels.
Point place(const Hand& hand, Point p) {
  const double u = p.x - 0.5;
  const double v = p.y - 0.5;
  const double x = u + hand.bend_x * (v * v - 0.125);
  const double y = v + hand.bend_y * (u * u - 0.125);
  return {hand.xx * x + hand.xy * y + hand.dx, hand.yx * x + hand.yy * y + hand.dy};
}

Point blend(Point a, double s, Point b, double t) { return {a.x * s + b.x * t, a.y * s + b.y * t}; }

// Squared distances of the pixels of one image to the nearest stroke, as far as the pen reaches.
class Sheet {
 public:
  explicit Sheet(double reach) : reach_(reach) { squared_.fill(kFar); }

  void segment(Point a, Point b) {
    const int x0 = std::max(0, static_cast<int>(std::floor(std::min(a.x, b.x) - reach_)));
    const int x1 = std::min(kSize - 1, static_cast<int>(std::floor(std::max(a.x, b.x) + reach_)));
    const int y0 = std::max(0, static_cast<int>(std::floor(std::min(a.y, b.y) - reach_)));
    const int y1 = std::min(kSize - 1, static_cast<int>(std::floor(std::max(a.y, b.y) + reach_)));
    const Point along{b.x - a.x, b.y - a.y};
    const double length2 = along.x * along.x + along.y * along.y;
    const double inverse = length2 > 0 ? 1 / length2 : 0;
    for (int y = y0; y <= y1; ++y) {
      for (int x = x0; x <= x1; ++x) {
        const Point p{x + 0.5 - a.x, y + 0.5 - a.y};
        const double t = std::clamp((p.x * along.x + p.y * along.y) * inverse, 0.0, 1.0);
        const Point off{p.x - t * along.x, p.y - t * along.y};
        double& best = squared_[static_cast<size_t>(y) * kSize + static_cast<size_t>(x)];
        best = std::min(best, off.x * off.x + off.y * off.y);
      }
    }
  }

  double squared(size_t pixel) const { return squared_[pixel]; }
  static constexpr double kFar = 1e9;

 private:
  double reach_;
  std::array<double, kPixels> squared_;
};

// A Catmull-Rom curve through the knots; at the ends and at corners the missing neighbour is mirrored.
void draw_stroke(Sheet& sheet, const Hand& hand, Stroke stroke, Random& random) {
  std::vector<Point> knots;
  for (const Knot& knot : stroke)
    knots.push_back(place(hand, {knot.x + kJitter * random.normal(), knot.y + kJitter * random.normal()}));
  for (size_t i = 0; i + 1 < knots.size(); ++i) {
    const Point p1 = knots[i];
    const Point p2 = knots[i + 1];
    const Point p0 = i == 0 || stroke[i].corner ? blend(p1, 2, p2, -1) : knots[i - 1];
    const Point p3 = i + 2 == knots.size() || stroke[i + 1].corner ? blend(p2, 2, p1, -1) : knots[i + 2];
    Point from = p1;
    for (int step = 1; step <= kStepsPerSpan; ++step) {
      const double t = static_cast<double>(step) / kStepsPerSpan;
      const double t2 = t * t;
      const double t3 = t2 * t;
      const Point outer = blend(p0, 0.5 * (2 * t2 - t3 - t), p3, 0.5 * (t3 - t2));
      const Point inner = blend(p1, 0.5 * (3 * t3 - 5 * t2 + 2), p2, 0.5 * (4 * t2 - 3 * t3 + t));
      const Point to{outer.x + inner.x, outer.y + inner.y};
      sheet.segment(from, to);
      from = to;
    }
  }
}

// The grain of the paper: each pixel up or down by less than `strength`, most where there is ink.
void develop(const Sheet& sheet, const Hand& hand, uint64_t seed, uint64_t index, double strength, uint8_t* pixels) {
  const PhiloxKey key{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  const uint64_t stream = kNoiseStream | index;
  PhiloxCounter noise{};
  for (uint32_t pixel = 0; pixel < kPixels; ++pixel) {
    if (pixel % 16 == 0)
      noise = philox({pixel / 16, 0, static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)}, key);
    const uint32_t byte = noise[pixel % 16 / 4] >> (pixel % 4 * 8) & 255u;
    const double grain = (byte / 127.5 - 1) * strength;
    double value = grain * 0.5;
    const double squared = sheet.squared(pixel);
    if (squared < Sheet::kFar) {
      const double cover = std::clamp((hand.radius - std::sqrt(squared)) / hand.edge + 0.5, 0.0, 1.0);
      value += cover * (hand.ink + grain);
    }
    pixels[pixel] = static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
  }
}

uint8_t draw(uint64_t seed, uint64_t index, uint8_t* pixels) {
  Random random(seed, index);
  const auto digit = static_cast<uint8_t>(random.below(10));
  const std::span<const Glyph> hands = glyphs(digit);
  const Glyph& glyph = hands[random.below(hands.size())];
  const Hand hand = random_hand(random);
  const double strength = random.uniform(0, 30);
  Sheet sheet(hand.radius + hand.edge);
  for (const Stroke& stroke : glyph.strokes) draw_stroke(sheet, hand, stroke, random);
  develop(sheet, hand, seed, index, strength, pixels);
  return digit;
}

}  // namespace

ImageSet make_digits(int64_t count, uint64_t seed) {
  require(count >= 0 && count <= (int64_t{1} << 32), ErrorCode::invalid_argument, "make_digits: count ", count,
          " is not in 0 to ", int64_t{1} << 32);
  ImageSet set{count, kSize, kSize, 10, {}, {}};
  set.pixels.resize(static_cast<size_t>(count) * kPixels);
  set.labels.resize(static_cast<size_t>(count));
  const auto draw_range = [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i)
      set.labels[i] = draw(seed, i, set.pixels.data() + i * kPixels);
  };
  constexpr int64_t kWorthAThread = 500;
  const int64_t workers =
      std::clamp<int64_t>(count / kWorthAThread, 1, std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, 16));
  Threads threads;
  for (int64_t w = 1; w < workers; ++w) threads.start(draw_range, count * w / workers, count * (w + 1) / workers);
  draw_range(0, count / workers);
  return set;
}

ImageSplit digits(int64_t train_count, int64_t test_count, uint64_t seed) {
  return {make_digits(train_count, 2 * seed), make_digits(test_count, 2 * seed + 1)};
}

}  // namespace lemnos::io
