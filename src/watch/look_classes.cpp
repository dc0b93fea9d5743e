// What the model says of some rows: how classes are taken for each other, and the predictions of a few.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "lemnos/metrics.h"
#include "watch/json.h"
#include "watch/look.h"

namespace lemnos::watch {

namespace {

constexpr int64_t kMostRows = 2000, kMostClasses = 40, kMostSide = 64, kMostValues = 8;
constexpr size_t kExamples = 12, kMostPairs = 10;

std::string base64(const std::vector<uint8_t>& bytes) {
  constexpr const char* kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t there = std::min<size_t>(3, bytes.size() - i);
    uint32_t word = 0;
    for (size_t k = 0; k < 3; ++k) word = word << 8 | (k < there ? bytes[i + k] : 0);
    for (size_t k = 0; k < 4; ++k) out += k <= there ? kLetters[word >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

/// The features of a row as floats.
std::vector<float> features_of(const data::Dataset& rows, int64_t row) {
  const auto count = static_cast<size_t>(rows.x.desc.elements() / rows.size());
  const bool bytes = rows.x.desc.dtype == DType::u8;
  const size_t size = bytes ? 1 : sizeof(float);
  const std::byte* from = rows.x.bytes.data() + static_cast<size_t>(row) * count * size;
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    if (bytes)
      values[i] = static_cast<float>(from[i]);
    else
      std::memcpy(&values[i], from + i * size, sizeof(float));
  }
  return values;
}

struct Picture {
  int64_t channels = 0, height = 0, width = 0, every = 1;  // pixel of each axis
};

/// How rows of that shape are drawn: [H, W], [1, H, W] or [3, H, W]; without channels: not at all.
Picture picture_of(const Shape& example) {
  const size_t rank = example.rank();
  if (rank != 2 && rank != 3) return {};
  Picture p{.channels = rank == 3 ? example[0] : 1, .height = example[rank - 2], .width = example[rank - 1]};
  if ((p.channels != 1 && p.channels != 3) || p.height < 2 || p.width < 2) return {};
  p.every = (std::max(p.height, p.width) + kMostSide - 1) / kMostSide;
  return p;
}

void write_picture(Json& json, const Picture& p, const std::vector<float>& values) {
  const auto [least, most] = std::ranges::minmax_element(values);
  const float range = std::max(*most - *least, 1e-30f);
  std::vector<uint8_t> pixels;
  int64_t height = 0;
  for (int64_t y = 0; y < p.height; y += p.every, ++height)
    for (int64_t x = 0; x < p.width; x += p.every)
      for (int64_t c = 0; c < p.channels; ++c) {
        const float value = values[static_cast<size_t>((c * p.height + y) * p.width + x)];
        const float shade = 255 * (value - *least) / range;
        pixels.push_back(shade >= 0 && shade <= 255 ? static_cast<uint8_t>(shade) : uint8_t{0});
      }
  const int64_t width = (p.width + p.every - 1) / p.every;
  json.field("height", height).field("width", width).field("channels", p.channels).field("pixels", base64(pixels));
}

/// The rows that the model is most wrong about come first, then the first ones that it has right.
std::vector<size_t> chosen_rows(const std::vector<float>& chances, const std::vector<int32_t>& labels,
                                const std::vector<int32_t>& said) {
  const size_t classes = chances.size() / labels.size();
  std::vector<size_t> order;
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= 0) order.push_back(i);
  const auto wrong = [&](size_t i) {
    return labels[i] != said[i] ? 1 - chances[i * classes + static_cast<size_t>(labels[i])] : 0.f;
  };
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return wrong(a) > wrong(b); });
  order.resize(std::min(order.size(), kExamples));
  return order;
}

void write_confusion(Json& json, const metrics::ConfusionMatrix& matrix) {
  const int64_t classes = matrix.classes();
  struct Pair {
    int64_t count, truth, said;
  };
  std::vector<Pair> pairs;
  for (int64_t t = 0; t < classes; ++t)
    for (int64_t p = 0; p < classes; ++p)
      if (t != p && matrix.count(t, p) > 0) pairs.push_back({matrix.count(t, p), t, p});
  std::ranges::stable_sort(pairs, [](const Pair& a, const Pair& b) { return a.count > b.count; });
  pairs.resize(std::min(pairs.size(), kMostPairs));
  json.field("rows", matrix.total()).field("right", matrix.accuracy()).key("pairs").open('[');
  for (const Pair& pair : pairs) json.open('[').add(pair.count).add(pair.truth).add(pair.said).close(']');
  json.close(']');
  if (classes > kMostClasses) return;
  json.key("counts").open('[');
  for (int64_t t = 0; t < classes; ++t)
    for (int64_t p = 0; p < classes; ++p) json.add(matrix.count(t, p));
  json.close(']');
}

// Why these rows are not shown; empty: they are.
std::string reason_against(const data::Dataset* examples, bool classes) {
  if (!examples) return "no rows were given: callback::Watch::examples";
  if (!classes || examples->classes < 2) return "the model does not choose between classes";
  if (examples->y.desc.dtype == DType::i32 && examples->y.desc.shape.rank() != 1)
    return "there is more than one class a row";
  if (examples->size() == 0 || !examples->more_inputs.empty()) return "the rows are none, or of several inputs";
  return {};
}

}  // namespace

Classes::Classes(const data::Dataset* examples, std::vector<std::string> names, bool classes)
    : names_(std::move(names)), reason_(reason_against(examples, classes)) {
  if (!reason_.empty()) return;
  rows_ = examples->slice(0, std::min(examples->size(), kMostRows));
  labels_ = rows_.labels();
}

std::string Classes::json(Trainer& trainer) const try {
  Json json;
  json.open('{').field("step", trainer.steps_done());
  if (!reason_.empty()) return json.field("reason", reason_).close('}').take();
  const std::vector<float> logits = trainer.predict(rows_);
  const auto classes = static_cast<int64_t>(logits.size() / labels_.size());
  const std::vector<float> chances = metrics::probabilities(logits, classes);
  const std::vector<int32_t> said = metrics::classes_of(logits, classes);
  json.field("classes", classes).list("names", names_);
  write_confusion(json, metrics::ConfusionMatrix(labels_, said, classes));
  const Picture picture = picture_of(rows_.example());
  json.key("examples").open('[');
  for (const size_t i : chosen_rows(chances, labels_, said)) {
    const auto at = [&](int32_t c) { return chances[i * static_cast<size_t>(classes) + static_cast<size_t>(c)]; };
    json.open('{').field("row", i).field("truth", labels_[i]).field("said", said[i]);
    json.field("chance", double{at(said[i])}).field("truth_chance", double{at(labels_[i])});
    std::vector<float> values = features_of(rows_, static_cast<int64_t>(i));
    if (picture.channels > 0) {
      write_picture(json, picture, values);
    } else {
      values.resize(std::min(values.size(), static_cast<size_t>(kMostValues)));
      for (float& value : values) value = value * rows_.scale + rows_.shift;
      json.list("values", std::vector<double>(values.begin(), values.end()));
    }
    json.close('}');
  }
  return json.close(']').close('}').take();
} catch (const Error& error) {
  // Rows of another shape than the model's are no reason to end the training.
  if (error.code() == ErrorCode::device_lost) throw;
  return Json().open('{').field("reason", error.what()).close('}').take();
}

}  // namespace lemnos::watch
