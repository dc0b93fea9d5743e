#include "golden/mlp.h"

#include "golden/formula.h"

namespace lemnos::golden {

namespace {

constexpr uint32_t kLabelStream = 10, kNoiseStream = 11, kPatternStream = 12;

}  // namespace

std::vector<Parameter> mlp_parameters() {
  return {parameter("0.weight", {128, kFeatures}, 0, 0x1p-5, 1), parameter("0.bias", {128}, 0, 0x1p-5, 2),
          parameter("2.weight", {kClasses, 128}, 0, 0x1p-3, 3), parameter("2.bias", {kClasses}, 0, 0x1p-3, 4)};
}

std::vector<int32_t> mlp_labels() {
  std::vector<int32_t> labels(kBatch * kBatches);
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int32_t>(bits(i, kLabelStream) % kClasses);
  return labels;
}

std::vector<float> mlp_features() {
  const std::vector<int32_t> labels = mlp_labels();
  std::vector<float> x(labels.size() * kFeatures);
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t cell = static_cast<size_t>(labels[i / kFeatures]) * kFeatures + i % kFeatures;
    x[i] = static_cast<float>(0.5 * unit(i, kNoiseStream) + 0.5 * (bits(cell, kPatternStream) >> 31));
  }
  return x;
}

}  // namespace lemnos::golden
