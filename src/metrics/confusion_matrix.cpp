#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "lemnos/metrics.h"
#include "lemnos/plot.h"
#include "metrics/quotient.h"

namespace lemnos::metrics {

namespace {

// The scores that follow from four counts.
struct Counts {
  double tp = 0, fp = 0, fn = 0, tn = 0;

  ClassScores scores(double beta) const {
    ClassScores s{.precision = quotient(tp, tp + fp),
                  .recall = quotient(tp, tp + fn),
                  .specificity = quotient(tn, tn + fp),
                  .f = 0,
                  .support = static_cast<int64_t>(tp + fn)};
    s.f = quotient((1 + beta * beta) * s.precision * s.recall, beta * beta * s.precision + s.recall);
    return s;
  }
};

Counts counts_of(const ConfusionMatrix& m, int64_t of_class) {
  Counts c{.tp = static_cast<double>(m.count(of_class, of_class))};
  for (int64_t k = 0; k < m.classes(); ++k) {
    if (k == of_class) continue;
    c.fn += static_cast<double>(m.count(of_class, k));
    c.fp += static_cast<double>(m.count(k, of_class));
  }
  c.tn = static_cast<double>(m.total()) - c.tp - c.fn - c.fp;
  return c;
}

std::string right_aligned(const std::string& word, size_t width) {
  return std::string(word.size() < width ? width - word.size() : 0, ' ') + word;
}

std::string line_of(const std::string& name, size_t width, const ClassScores& s) {
  return right_aligned(name, width) + formatted("%11.4f%11.4f%13.4f%11.4f%9lld\n", s.precision, s.recall, s.specificity,
                                                s.f, static_cast<long long>(s.support));
}

void require_rows(const char* who, size_t scores, size_t labels, int64_t classes) {
  require(classes >= 1 && scores == labels * static_cast<size_t>(classes), ErrorCode::shape_mismatch, who, ": ", scores,
          " scores for ", labels, " rows of ", classes, " classes");
}

}  // namespace

std::vector<int32_t> classes_of(std::span<const float> scores, int64_t classes) {
  require(classes >= 1 && scores.size() % static_cast<size_t>(classes) == 0, ErrorCode::shape_mismatch,
          "classes_of: ", scores.size(), " scores in rows of ", classes);
  std::vector<int32_t> found;
  for (size_t at = 0; at < scores.size(); at += static_cast<size_t>(classes)) {
    const auto row = scores.subspan(at, static_cast<size_t>(classes));
    found.push_back(static_cast<int32_t>(std::ranges::max_element(row) - row.begin()));
  }
  return found;
}

double top_k_accuracy(std::span<const float> scores, std::span<const int32_t> labels, int64_t k) {
  const int64_t classes = labels.empty() ? 1 : static_cast<int64_t>(scores.size() / labels.size());
  require_rows("top_k_accuracy", scores.size(), labels.size(), classes);
  require(k >= 1, ErrorCode::invalid_argument, "top_k_accuracy: k ", k, " is below 1");
  double right = 0, rows = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    require(labels[i] < classes, ErrorCode::out_of_range, "top_k_accuracy: label ", labels[i], " of row ", i,
            " is not below ", classes);
    const auto row = scores.subspan(i * static_cast<size_t>(classes), static_cast<size_t>(classes));
    const auto label = static_cast<size_t>(labels[i]);
    int64_t before = 0;
    for (size_t c = 0; c < row.size(); ++c) before += row[c] > row[label] || (row[c] == row[label] && c < label);
    right += before < k;
    rows += 1;
  }
  return quotient(right, rows);
}

std::vector<float> probabilities(std::span<const float> logits, int64_t classes) {
  require(classes >= 1 && logits.size() % static_cast<size_t>(classes) == 0, ErrorCode::shape_mismatch,
          "probabilities: ", logits.size(), " logits in rows of ", classes);
  std::vector<float> made(logits.begin(), logits.end());
  for (size_t at = 0; at < made.size(); at += static_cast<size_t>(classes)) {
    const std::span<float> row = std::span(made).subspan(at, static_cast<size_t>(classes));
    const float most = *std::ranges::max_element(row);
    double sum = 0;
    for (float& v : row) sum += v = std::exp(v - most);
    for (float& v : row) v = static_cast<float>(v / sum);
  }
  return made;
}

ConfusionMatrix::ConfusionMatrix(std::span<const int32_t> labels, std::span<const int32_t> predictions, int64_t classes,
                                 std::vector<std::string> names)
    : classes_(classes),
      counts_(static_cast<size_t>(std::max<int64_t>(classes, 0) * classes)),
      names_(std::move(names)) {
  require(classes >= 1, ErrorCode::invalid_argument, "confusion matrix: ", classes, " classes");
  require(labels.size() == predictions.size(), ErrorCode::shape_mismatch, "confusion matrix: ", predictions.size(),
          " predictions for ", labels.size(), " labels");
  if (names_.empty())
    for (int64_t c = 0; c < classes; ++c) names_.push_back(std::to_string(c));
  require(static_cast<int64_t>(names_.size()) == classes, ErrorCode::shape_mismatch,
          "confusion matrix: ", names_.size(), " names for ", classes, " classes");
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    require(labels[i] < classes && predictions[i] >= 0 && predictions[i] < classes, ErrorCode::out_of_range,
            "confusion matrix: label ", labels[i], " and prediction ", predictions[i], " of row ", i,
            " are not both below ", classes);
    ++counts_[static_cast<size_t>(labels[i] * classes + predictions[i])];
  }
}

int64_t ConfusionMatrix::count(int64_t label, int64_t prediction) const {
  require(label >= 0 && label < classes_ && prediction >= 0 && prediction < classes_, ErrorCode::out_of_range,
          "confusion matrix: ", label, ", ", prediction, " of ", classes_, " classes");
  return counts_[static_cast<size_t>(label * classes_ + prediction)];
}

int64_t ConfusionMatrix::total() const { return std::accumulate(counts_.begin(), counts_.end(), int64_t{0}); }

double ConfusionMatrix::accuracy() const {
  double right = 0;
  for (int64_t c = 0; c < classes_; ++c) right += static_cast<double>(count(c, c));
  return quotient(right, static_cast<double>(total()));
}

ClassScores ConfusionMatrix::scores(int64_t of_class, double beta) const {
  return counts_of(*this, of_class).scores(beta);
}

ClassScores ConfusionMatrix::scores(Average average, double beta) const {
  Counts all;
  ClassScores mean;
  double weights = 0;
  for (int64_t c = 0; c < classes_; ++c) {
    const Counts counts = counts_of(*this, c);
    all = {all.tp + counts.tp, all.fp + counts.fp, all.fn + counts.fn, all.tn + counts.tn};
    const ClassScores s = counts.scores(beta);
    const double weight = average == Average::weighted ? static_cast<double>(s.support) : 1;
    mean.precision += weight * s.precision;
    mean.recall += weight * s.recall;
    mean.specificity += weight * s.specificity;
    mean.f += weight * s.f;
    weights += weight;
  }
  if (average == Average::micro) return all.scores(beta);
  for (double* value : {&mean.precision, &mean.recall, &mean.specificity, &mean.f}) *value = quotient(*value, weights);
  mean.support = total();
  return mean;
}

std::string ConfusionMatrix::text(double beta) const {
  size_t width = 8;
  for (const std::string& name : names_) width = std::max(width, name.size() + 1);
  std::string out = right_aligned("label", width) + " | predicted\n" + right_aligned("", width) + " |";
  for (const std::string& name : names_) out += right_aligned(name, width);
  out += "\n";
  for (int64_t label = 0; label < classes_; ++label) {
    out += right_aligned(names_[static_cast<size_t>(label)], width) + " |";
    for (int64_t p = 0; p < classes_; ++p) out += right_aligned(std::to_string(count(label, p)), width);
    out += "\n";
  }
  out += "\n" + right_aligned("class", width) +
         formatted("  precision     recall  specificity      F%-4.3g  support\n", beta);
  for (int64_t c = 0; c < classes_; ++c) out += line_of(names_[static_cast<size_t>(c)], width, scores(c, beta));
  out += line_of("macro", width, scores(Average::macro, beta));
  out += line_of("weighted", width, scores(Average::weighted, beta));
  out += line_of("micro", width, scores(Average::micro, beta));
  return out + formatted("accuracy %.4f of %lld\n", accuracy(), static_cast<long long>(total()));
}

std::string ConfusionMatrix::csv() const {
  std::string out = "label";
  for (const std::string& name : names_) out += "," + name;
  out += "\n";
  for (int64_t label = 0; label < classes_; ++label) {
    out += names_[static_cast<size_t>(label)];
    for (int64_t p = 0; p < classes_; ++p) out += "," + std::to_string(count(label, p));
    out += "\n";
  }
  return out;
}

std::string ConfusionMatrix::svg(const std::string& title) const {
  io::HeatMap map{.rows = classes_,
                  .columns = classes_,
                  .values = {counts_.begin(), counts_.end()},
                  .row_names = names_,
                  .column_names = names_};
  const double side = std::max(320.0, 46.0 * static_cast<double>(classes_) + 90);
  return io::to_svg({.title = {},
                     .caption = {},
                     .panels = {{.title = title, .x = {.title = "predicted"}, .y = {.title = "label"}, .marks = {map}}},
                     .panel_width = side,
                     .panel_height = side});
}

}  // namespace lemnos::metrics
