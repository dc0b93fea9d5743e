// Preprocessing: scaling that is learned from one set and applied to others; targets as rows of probabilities; weights
// that make up for rare classes.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "lemnos/data.h"

namespace lemnos::data {

namespace {

/// x as the model sees it: under the scale and shift of the data set.
std::vector<float> features_of(const Dataset& data) {
  std::vector<float> values(static_cast<size_t>(data.x.desc.elements()));
  if (data.x.desc.dtype == DType::f32) {
    if (!values.empty()) std::memcpy(values.data(), data.x.bytes.data(), data.x.bytes.size());
  } else {
    std::ranges::transform(data.x.bytes, values.begin(), [](std::byte b) { return static_cast<float>(b); });
  }
  for (float& v : values) v = data.scale * v + data.shift;
  return values;
}

/// Which of `groups` statistics an element of an example counts to.
struct Grouping {
  size_t elements = 0;  // of an example
  size_t groups = 0;
  size_t group(size_t element) const { return element * groups / elements; }
};

Grouping grouping(const Dataset& data, bool channels) {
  const Shape example = data.example();
  const auto elements = static_cast<size_t>(example.elements());
  return {elements, channels && example.rank() > 0 ? static_cast<size_t>(example[0]) : elements};
}

void require_rows(const char* who, const Dataset& train) {
  require(train.size() >= 1 && train.example().elements() >= 1, ErrorCode::invalid_argument, who, ": no data: x is ",
          train.x.desc);
}

Scaling standardised(const char* who, const Dataset& train, bool channels) {
  require_rows(who, train);
  const Grouping g = grouping(train, channels);
  const std::vector<float> x = features_of(train);
  const double count = static_cast<double>(x.size()) / static_cast<double>(g.groups);
  std::vector<double> mean(g.groups), squares(g.groups);
  for (size_t i = 0; i < x.size(); ++i) mean[g.group(i % g.elements)] += x[i] / count;
  for (size_t i = 0; i < x.size(); ++i)
    squares[g.group(i % g.elements)] += std::pow(x[i] - mean[g.group(i % g.elements)], 2);
  Scaling made{.scale = {}, .shift = {}, .channels = channels};
  for (size_t k = 0; k < g.groups; ++k) {
    require(std::isfinite(squares[k]), ErrorCode::invalid_argument, who, ": feature ", k,
            " contains a value that is not finite");
    const double deviation = std::sqrt(squares[k] / count);
    made.scale.push_back(deviation > 0 ? static_cast<float>(1 / deviation) : 1);
    made.shift.push_back(static_cast<float>(-mean[k] * made.scale.back()));
  }
  return made;
}

}  // namespace

Scaling standardise(const Dataset& train) { return standardised("standardise", train, false); }
Scaling standardise_channels(const Dataset& train) { return standardised("standardise_channels", train, true); }

Scaling min_max(const Dataset& train, float low, float high) {
  require_rows("min_max", train);
  require(low < high, ErrorCode::invalid_argument, "min_max: from ", low, " to ", high);
  const Grouping g = grouping(train, false);
  const std::vector<float> x = features_of(train);
  std::vector<float> least(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(g.elements)), most = least;
  for (size_t i = 0; i < x.size(); ++i) {
    require(std::isfinite(x[i]), ErrorCode::invalid_argument, "min_max: feature ", i % g.elements, " of example ",
            i / g.elements, " is ", x[i]);
    least[i % g.elements] = std::min(least[i % g.elements], x[i]);
    most[i % g.elements] = std::max(most[i % g.elements], x[i]);
  }
  Scaling made;
  for (size_t k = 0; k < g.elements; ++k) {
    const float range = most[k] - least[k];
    made.scale.push_back(range > 0 ? (high - low) / range : 1);
    made.shift.push_back(low - least[k] * made.scale.back());
  }
  return made;
}

Dataset Scaling::operator()(const Dataset& data) const {
  const Grouping g = grouping(data, channels);
  require(scale.size() == g.groups && shift.size() == g.groups, ErrorCode::shape_mismatch, "scaling: learned for ",
          scale.size(), channels ? " channels, x is " : " features, x is ", data.x.desc);
  Dataset made = data;
  if (scale.size() == 1) {
    made.scale = data.scale * scale[0];
    made.shift = data.shift * scale[0] + shift[0];
    return made;
  }
  std::vector<float> x = features_of(data);
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t k = g.group(i % g.elements);
    x[i] = x[i] * scale[k] + shift[k];
  }
  made.x = Array::floats(data.x.desc.shape, x);
  made.scale = 1;
  made.shift = 0;
  return made;
}

Dataset one_hot(const Dataset& data) {
  const std::vector<int32_t> labels = data.labels();
  std::vector<float> y(labels.size() * static_cast<size_t>(data.classes));
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= 0) y[i * static_cast<size_t>(data.classes) + static_cast<size_t>(labels[i])] = 1;
  Dataset made = data;
  made.y = Array::floats({data.size(), data.classes}, y);
  made.classes = 0;
  return made;
}

std::vector<float> class_weights(const Dataset& data) {
  std::vector<double> counts(static_cast<size_t>(data.classes));
  for (int32_t label : data.labels())
    if (label >= 0) counts.at(static_cast<size_t>(label)) += 1;
  std::vector<float> weights;
  for (size_t c = 0; c < counts.size(); ++c) {
    require(counts[c] > 0, ErrorCode::invalid_argument, "class_weights: class ", c, " of ", counts.size(),
            " has no examples");
    weights.push_back(
        static_cast<float>(static_cast<double>(data.size()) / (static_cast<double>(data.classes) * counts[c])));
  }
  return weights;
}

}  // namespace lemnos::data
