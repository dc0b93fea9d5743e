#include "io/toy_sets.h"

#include <cmath>

#include "base/random.h"
#include "base/text.h"

namespace lemnos::io {
namespace {

struct Turn {
  double cosine = 1, sine = 0;
};

// A turn by `fraction` of a full circle: sixteen squarings of a tiny turn whose series ends after a few terms. Exactly
// rounded operations alone, so that the sets have the same bits on every machine.
Turn turn(double fraction) {
  constexpr int kDoublings = 16;
  const double angle = fraction * 6.283185307179586 / (1 << kDoublings);
  const double a2 = angle * angle;
  Turn t{1 - a2 / 2 * (1 - a2 / 12), angle * (1 - a2 / 6 * (1 - a2 / 20))};
  for (int i = 0; i < kDoublings; ++i) t = {t.cosine * t.cosine - t.sine * t.sine, 2 * t.cosine * t.sine};
  return t;
}

FeatureSet empty_set(const char* who, int64_t count, int64_t classes, double noise) {
  require(count >= 0, ErrorCode::invalid_argument, who, ": count ", count, " is below 0");
  require(noise >= 0, ErrorCode::invalid_argument, who, ": noise ", noise, " is below 0");
  FeatureSet set{count, 2, classes, {}, {}};
  set.x.reserve(static_cast<size_t>(2 * count));
  set.labels.reserve(static_cast<size_t>(count));
  return set;
}

void append(FeatureSet& set, double x, double y, int64_t label) {
  set.x.push_back(static_cast<float>(x));
  set.x.push_back(static_cast<float>(y));
  set.labels.push_back(static_cast<int32_t>(label));
}

}  // namespace

FeatureSet make_spirals(int64_t count, int64_t classes, double noise, uint64_t seed) {
  require(classes >= 1, ErrorCode::invalid_argument, "make_spirals: ", classes, " classes, at least 1 is needed");
  FeatureSet set = empty_set("make_spirals", count, classes, noise);
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t label = i % classes;
    const double radius = random.uniform(0.05, 1);
    const Turn t = turn(1.5 * radius + static_cast<double>(label) / static_cast<double>(classes));
    const double dx = noise * random.normal();
    const double dy = noise * random.normal();
    append(set, radius * t.cosine + dx, radius * t.sine + dy, label);
  }
  return set;
}

FeatureSet make_moons(int64_t count, double noise, uint64_t seed) {
  FeatureSet set = empty_set("make_moons", count, 2, noise);
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const Turn t = turn(0.5 * random.uniform());
    const double dx = noise * random.normal();
    const double dy = noise * random.normal();
    if (i % 2 == 0)
      append(set, t.cosine + dx, t.sine + dy, 0);
    else
      append(set, 1 - t.cosine + dx, 0.5 - t.sine + dy, 1);
  }
  return set;
}

FeatureSet make_xor(int64_t count, double noise, uint64_t seed) {
  FeatureSet set = empty_set("make_xor", count, 2, noise);
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t a = i & 1;
    const int64_t b = i >> 1 & 1;
    const double dx = noise * random.normal();
    const double dy = noise * random.normal();
    append(set, static_cast<double>(2 * a - 1) + dx, static_cast<double>(2 * b - 1) + dy, a ^ b);
  }
  return set;
}

FeatureSet logic_gate(LogicGate gate) {
  FeatureSet set = empty_set("logic_gate", 4, 2, 0);
  for (int a = 0; a < 2; ++a) {
    for (int b = 0; b < 2; ++b) {
      int y = 0;
      switch (gate) {
        case LogicGate::logic_and: y = a & b; break;
        case LogicGate::logic_or: y = a | b; break;
        case LogicGate::logic_nand: y = 1 - (a & b); break;
        case LogicGate::logic_nor: y = 1 - (a | b); break;
        case LogicGate::logic_xor: y = a ^ b; break;
        case LogicGate::logic_xnor: y = 1 - (a ^ b); break;
      }
      append(set, a, b, y);
    }
  }
  return set;
}

}  // namespace lemnos::io
