#include "golden/mlp.h"

#include <cstring>

#include "base/text.h"
#include "golden/formula.h"
#include "golden/golden_file.h"
#include "io/safetensors.h"

namespace lemnos::golden {

namespace {

Parameter parameter(const char* name, const Shape& shape, double bound, uint32_t stream) {
  Parameter p{name, shape, std::vector<float>(static_cast<size_t>(shape.elements()))};
  for (size_t i = 0; i < p.values.size(); ++i) p.values[i] = static_cast<float>((2 * unit(i, stream) - 1) * bound);
  return p;
}

const io::TensorFile& mlp_file() {
  static const io::TensorFile file = io::read_safetensors(folder() / "mlp.safetensors");
  return file;
}

constexpr uint32_t kLabelStream = 10, kNoiseStream = 11, kPatternStream = 12;

}  // namespace

std::vector<Parameter> mlp_parameters() {
  return {parameter("0.weight", {128, kFeatures}, 0x1p-5, 1), parameter("0.bias", {128}, 0x1p-5, 2),
          parameter("2.weight", {kClasses, 128}, 0x1p-3, 3), parameter("2.bias", {kClasses}, 0x1p-3, 4)};
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

std::vector<float> mlp_values(const std::string& name) {
  const io::NamedTensor* tensor = mlp_file().find(name);
  require(tensor != nullptr, ErrorCode::not_found, "mlp.safetensors: has no tensor '", name, "'");
  std::vector<float> values(tensor->bytes.size() / sizeof(float));
  std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
  return values;
}

std::string mlp_script() { return mlp_file().metadata.at("script"); }

}  // namespace lemnos::golden
