// Parts of a data set: rows by number, splits, folds, bootstrap samples.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/random.h"
#include "base/text.h"
#include "data/columns.h"
#include "lemnos/data.h"

namespace lemnos::data {

namespace {

void shuffle(std::vector<int64_t>& rows, Random& random) {
  for (size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
}

/// The rows of each class, shuffled; of one class where there are none, or where they do not matter.
std::vector<std::vector<int64_t>> strata(const Dataset& data, bool stratified, uint64_t seed) {
  std::vector<std::vector<int64_t>> rows(stratified && data.classes ? static_cast<size_t>(data.classes) : 1);
  if (rows.size() == 1) {
    rows[0].resize(static_cast<size_t>(data.size()));
    std::iota(rows[0].begin(), rows[0].end(), 0);
  } else {
    const std::vector<int32_t> labels = data.labels();
    for (size_t i = 0; i < labels.size(); ++i)
      if (labels[i] >= 0) rows[static_cast<size_t>(labels[i])].push_back(static_cast<int64_t>(i));
  }
  Random random(seed, 0x5911);
  for (std::vector<int64_t>& stratum : rows) shuffle(stratum, random);
  return rows;
}

Array taken(const Array& from, const std::vector<int64_t>& rows) {
  const size_t row = row_bytes(from.desc);
  Array to{with_rows(from.desc, static_cast<int64_t>(rows.size())), {}};
  to.bytes.resize(row * rows.size());
  for (size_t i = 0; i < rows.size() && row; ++i)
    std::memcpy(to.bytes.data() + i * row, from.bytes.data() + static_cast<size_t>(rows[i]) * row, row);
  return to;
}

/// How many of `rows` belong to a part of `share` (of the whole set of `all` rows, or a count).
int64_t part_of(double share, size_t rows, int64_t all) {
  const double fraction = share < 1 ? share : share / static_cast<double>(all);
  return std::llround(fraction * static_cast<double>(rows));
}

}  // namespace

Dataset Dataset::take(const std::vector<int64_t>& rows) const {
  for (int64_t row : rows)
    require(row >= 0 && row < size(), ErrorCode::out_of_range, "data set: row ", row, " of ", size());
  return with_each_array(*this, [&](const Array& array) { return taken(array, rows); });
}

std::vector<int32_t> Dataset::labels() const {
  require(classes > 0 && y.desc.dtype == DType::i32, ErrorCode::invalid_argument, "data set: y is ", y.desc,
          " and does not contain classes");
  std::vector<int32_t> all(static_cast<size_t>(y.desc.elements()));
  if (!all.empty()) std::memcpy(all.data(), y.bytes.data(), all.size() * sizeof(int32_t));
  return all;
}

Parts split(const Dataset& data, const SplitOptions& options) {
  const int64_t all = data.size();
  const auto sound = [&](double share) {
    return std::isfinite(share) && share >= 0 && share < static_cast<double>(all);
  };
  require(sound(options.validation) && sound(options.test), ErrorCode::invalid_argument, "split: validation ",
          options.validation, " or test ", options.test, " is not a part of ", all, " examples");
  std::vector<int64_t> train, validation, test;
  const auto deal = [](std::vector<int64_t>& to, std::vector<int64_t>& from, int64_t count) {
    to.insert(to.end(), from.end() - count, from.end());
    from.resize(from.size() - static_cast<size_t>(count));
  };
  auto rows = strata(data, options.stratified, options.seed);
  for (size_t c = 0; c < rows.size(); ++c) {
    std::vector<int64_t>& stratum = rows[c];
    if (stratum.empty() && rows.size() > 1) continue;
    const size_t parts = 1 + (options.validation > 0) + (options.test > 0);
    require(stratum.size() >= parts, ErrorCode::invalid_argument, "split: class ", c, " has ", stratum.size(),
            " examples for ", parts, " parts");
    const size_t whole = stratum.size();
    // At least one of each class in each part that there is.
    const auto share = [&](double s) { return s > 0 ? std::max<int64_t>(part_of(s, whole, all), 1) : 0; };
    const int64_t for_test = share(options.test), for_validation = share(options.validation);
    require(for_test + for_validation < static_cast<int64_t>(whole), ErrorCode::invalid_argument,
            "split: ", for_validation, " validation and ", for_test, " test examples of ", whole,
            " leave no row for training");
    deal(test, stratum, for_test);
    deal(validation, stratum, for_validation);
    train.insert(train.end(), stratum.begin(), stratum.end());
  }
  Random random(options.seed, 0x5912);
  for (std::vector<int64_t>* part : {&train, &validation, &test}) shuffle(*part, random);
  return {data.take(train), data.take(validation), data.take(test)};
}

std::vector<Fold> k_folds(const Dataset& data, int64_t k, bool stratified, uint64_t seed) {
  require(k >= 2 && k <= data.size(), ErrorCode::invalid_argument, "k_folds: ", k, " folds of ", data.size(),
          " examples; it takes 2 folds at least and an example for each");
  auto rows = strata(data, stratified, seed);
  std::vector<size_t> fold_of(static_cast<size_t>(data.size()));
  size_t next = 0;  // goes on from class to class, so that the folds are of one size
  for (size_t c = 0; c < rows.size(); ++c) {
    require(rows.size() == 1 || rows[c].size() >= static_cast<size_t>(k), ErrorCode::invalid_argument,
            "k_folds: class ", c, " has ", rows[c].size(), " examples for ", k, " folds: some fold would lack it");
    for (int64_t row : rows[c]) fold_of[static_cast<size_t>(row)] = next++ % static_cast<size_t>(k);
  }
  std::vector<Fold> folds(static_cast<size_t>(k));
  for (size_t row = 0; row < fold_of.size(); ++row)
    for (size_t f = 0; f < folds.size(); ++f)
      (fold_of[row] == f ? folds[f].test : folds[f].train).push_back(static_cast<int64_t>(row));
  return folds;
}

std::vector<int64_t> bootstrap(int64_t rows, uint64_t seed) {
  require(rows >= 1, ErrorCode::invalid_argument, "bootstrap: ", rows, " rows");
  Random random(seed, 0x5913);
  std::vector<int64_t> drawn(static_cast<size_t>(rows));
  for (int64_t& row : drawn) row = static_cast<int64_t>(random.below(static_cast<uint64_t>(rows)));
  return drawn;
}

}  // namespace lemnos::data
