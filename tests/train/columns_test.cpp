// Data sets of several inputs and targets, and rows of unequal weight: through fit, evaluate and predict, resident and
// from a source.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lemnos/metrics.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Columns : public TrainTest {
 protected:
  static constexpr float kShare = .5f;  // of the second loss

  // The points with a number beside each, as bytes under a scale; a class, and a value that needs both.
  static data::Dataset with_numbers(int64_t rows = kExamples) {
    data::Dataset set = points(rows);
    data::Column number{.values = {{Shape{rows, 1}, DType::u8}, {}}, .scale = .1f, .shift = -.5f};
    std::vector<float> sums;
    const std::vector<int32_t> labels = set.labels();
    for (size_t i = 0; i < labels.size(); ++i) {
      number.values.bytes.push_back(static_cast<std::byte>(i * 7 % 10));
      sums.push_back(static_cast<float>(labels[i]) + .1f * static_cast<float>(i * 7 % 10) - .5f);
    }
    set.more_inputs = {number};
    set.more_targets = {{.values = data::Array::floats({rows, 1}, sums)}};
    return set;
  }
  static std::vector<Value> forward(const nn::Scope& scope, const std::vector<Value>& inputs) {
    const Value seen = tanh(nn::Linear{.out = 8}(scope.nested("point"), inputs[0]));
    const Value both[] = {seen, scope.computed(inputs[1])};
    return {nn::Linear{.out = kClasses}(scope.nested("class"), seen),
            nn::Linear{.out = 1}(scope.nested("sum"), concat(both, 1))};
  }
  Trainer two(TrainerOptions options = {}) const {
    options.loss = loss::joint({{loss::CrossEntropy{}}, {loss::Mse{}, kShare}});
    options.optimizer = optim::Adam{.lr = .02f};
    return {device(), Model{"two", forward}, options};
  }
  static FitOptions quiet(int64_t epochs) {
    return {.epochs = epochs, .batch_size = kBatch, .verbosity = Verbosity::silent};
  }
  std::string refusal(const data::Dataset& set, Trainer trainer) const {
    try {
      trainer.begin(set, kBatch);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }
};
LEMNOS_ON_EVERY_DEVICE(Columns);

TEST_P(Columns, TwoInputsAndTwoOutputsTrain) {
  const data::Dataset set = with_numbers();
  Trainer trainer = two();
  const History history = trainer.fit(set, quiet(12));
  EXPECT_LT(history.last("loss"), history["loss"].front() / 2);
  EXPECT_GT(history.last("accuracy"), .8) << "of the first output";

  const auto outputs = trainer.predict_all(set, 16);
  ASSERT_EQ(outputs.size(), 2u);
  ASSERT_EQ(outputs[0].size(), 50u * kClasses);
  ASSERT_EQ(outputs[1].size(), 50u);
  EXPECT_EQ(trainer.predict(set, 16), outputs[0]);
  // The joint loss, by hand.
  const std::vector<float> p = metrics::probabilities(outputs[0], kClasses);
  const std::vector<int32_t> labels = set.labels();
  double want = 0, right = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    float sum;
    std::memcpy(&sum, set.more_targets[0].values.bytes.data() + row * sizeof sum, sizeof sum);
    want -= std::log(p[row * kClasses + static_cast<size_t>(labels[row])]) / 50;
    want += kShare * std::pow(outputs[1][row] - sum, 2) / 50;
    right += metrics::classes_of(outputs[0], kClasses)[row] == labels[row];
  }
  const Metrics got = trainer.evaluate(set, 16);
  EXPECT_NEAR(got.loss, want, 1e-5);
  EXPECT_NEAR(got.accuracy, right / 50, 1e-9);
  EXPECT_EQ(got.samples, 50);
  const std::string summary = trainer.summary(set, 4);
  EXPECT_NE(summary.find("[4, 7]"), std::string::npos) << summary;
  EXPECT_NE(summary.find("[4, 1]"), std::string::npos) << summary;
}

// Columns by output, as Keras has them; the loss is their weighted sum.
TEST_P(Columns, EachOutputHasItsOwnMetrics) {
  const data::Dataset set = with_numbers(), other = with_numbers(30);
  Folder folder;
  Trainer trainer = two();
  FitOptions options = quiet(3);
  options.validation = &other;
  options.callbacks = {callback::EarlyStopping{.monitor = "val_out2_loss", .patience = 9},
                       callback::HistoryLog{folder / "run.csv"}, callback::TensorBoard{.folder = folder / "board"}};
  const History history = trainer.fit(set, options);
  for (const std::string of : {"", "val_"})
    for (size_t epoch = 0; epoch < 3; ++epoch) {
      EXPECT_NEAR(history[of + "loss"][epoch],
                  history[of + "out1_loss"][epoch] + kShare * history[of + "out2_loss"][epoch], 1e-5);
      EXPECT_NEAR(history[of + "accuracy"][epoch], history[of + "out1_accuracy"][epoch], 1e-6);
    }
  EXPECT_FALSE(history.has("out2_accuracy")) << "values have none";
  EXPECT_TRUE(history.fact("best_val_out2_loss"));
  EXPECT_EQ(io::read_history(folder / "run.csv")["val_out2_loss"], history["val_out2_loss"]);
  const std::vector<char> events = content_of(std::filesystem::directory_iterator(folder / "board")->path());
  const std::string text(events.begin(), events.end());
  for (const char* tag : {"epoch/val_out1_accuracy", "step/out2_loss"})
    EXPECT_NE(text.find(tag), std::string::npos) << tag;

  const Metrics whole = trainer.evaluate(other, 7);
  ASSERT_EQ(whole.more.size(), 3u);
  EXPECT_EQ(whole["out2_loss"], whole.more[2].second);
  EXPECT_NEAR(whole["accuracy"], whole["out1_accuracy"], 1e-6);
  EXPECT_THROW((void)whole["out3_loss"], Error);
  data::Source source = data::source_of(other);
  const Metrics windows = trainer.evaluate(source, 7);
  ASSERT_EQ(windows.more.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(whole.more[i].second, history.last("val_" + whole.more[i].first), 1e-5) << whole.more[i].first;
    EXPECT_NEAR(windows.more[i].second, whole.more[i].second, 1e-5);
  }
}

TEST_P(Columns, OutputsAreNamed) {
  const data::Dataset set = with_numbers(16);
  const auto losses = [](const char* first, const char* second) {
    return loss::joint({{.loss = loss::CrossEntropy{}, .name = first}, {.loss = loss::Mse{}, .name = second}});
  };
  Trainer trainer{device(), Model{"two", forward}, {.loss = losses("digit", "sum"), .accumulate = 2}};
  const History history = trainer.fit(set, quiet(1));
  EXPECT_NEAR(history.last("loss"), history.last("digit_loss") + history.last("sum_loss"), 1e-5);
  EXPECT_TRUE(history.has("digit_accuracy"));
  EXPECT_THROW((void)losses("same", "same"), Error);
}

// Against what the host makes of the predictions, with a last batch that is padded.
TEST_P(Columns, MetricsAreThoseOfTheHost) {
  data::Dataset set = points();
  const auto none = [](Value prediction, Value, loss::Mask) { return sum(prediction) * 0.f; };
  Trainer trainer{device(),
                  small_model(),
                  {.metrics = {{"top_2", metrics::TopK{.k = 2}}, {"nothing", none}, {"ce", loss::CrossEntropy{}}}}};
  const Metrics got = trainer.evaluate(set, 16);
  ASSERT_EQ(got.more.size(), 3u);
  const std::vector<float> logits = trainer.predict(set);
  EXPECT_NEAR(got.more[0].second, metrics::top_k_accuracy(logits, set.labels(), 2), 1e-6);
  EXPECT_EQ(got.more[1].second, 0);
  EXPECT_NEAR(got.more[2].second, got.loss, 1e-6);

  data::Dataset values = points();
  values.classes = 0;
  std::vector<float> targets;
  for (const int32_t label : set.labels()) targets.push_back(label == 1);
  values.y = data::Array::floats({kExamples, 1}, targets);
  Trainer binary{device(),
                 nn::sequential({nn::Linear{.out = 1}}),
                 {.loss = loss::BinaryCrossEntropy{},
                  .metrics = {{"accuracy_of_one", metrics::BinaryAccuracy{}}, {"mae", loss::Mae{}}}}};
  const Metrics judged = binary.evaluate(values, 16);
  const std::vector<float> scores = binary.predict(values);
  double right = 0, errors = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    right += (scores[i] > 0) == (targets[i] > .5f);
    errors += std::abs(scores[i] - targets[i]);
  }
  EXPECT_NEAR(judged.more[0].second, right / kExamples, 1e-6);
  EXPECT_NEAR(judged.more[1].second, errors / kExamples, 1e-6);
}

// Rows to predict for need no targets; to judge and to learn they do.
TEST_P(Columns, PredictsWithoutTargets) {
  const data::Dataset set = points(), bare{.x = set.x, .scale = set.scale, .shift = set.shift};
  Trainer trainer = small_trainer(device());
  trainer.fit(set, quiet(1));
  EXPECT_EQ(trainer.predict(bare, 16), trainer.predict(set, 16));
  const std::vector<float> whole = trainer.predict(bare, 50);
  data::Source source = data::source_of(bare);
  source.window = 16;
  const std::vector<float> windows = trainer.predict(source, 8);
  ASSERT_EQ(windows.size(), whole.size());
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(windows[i], whole[i], 1e-5);
  EXPECT_EQ(bare.take({3, 1}).x.bytes, set.take({3, 1}).x.bytes);
  const auto message = [](auto act) {
    try {
      act();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(message([&] { trainer.fit(bare, quiet(1)); }), "train: the data set has no targets y");
  EXPECT_EQ(message([&] { (void)trainer.evaluate(bare); }), "evaluate: the data set has no targets y");
  EXPECT_EQ(message([&] { (void)trainer.evaluate(source); }), "evaluate: the data set has no targets y");
  EXPECT_EQ(message([&] { (void)data::Dataset{.x = set.x, .classes = 3}.labels(); }),
            "data set: y is f32[] and does not contain classes");
}

TEST_P(Columns, ASourceCanBeTheValidation) {
  const data::Dataset set = points(), other = points(30, 51);
  const data::Source source = data::source_of(other);
  FitOptions resident = quiet(2), read = quiet(2);
  resident.validation = &other;
  read.validation_source = &source;
  Trainer one = small_trainer(device()), two = small_trainer(device());
  const History want = one.fit(set, resident), got = two.fit(set, read);
  for (const char* column : {"val_loss", "val_accuracy"})
    for (size_t epoch = 0; epoch < 2; ++epoch) EXPECT_NEAR(got[column][epoch], want[column][epoch], 1e-5) << column;
  read.validation = &other;
  EXPECT_THROW(two.fit(set, read), Error);
}

TEST_P(Columns, OneHotTargetsHaveAnAccuracy) {
  const data::Dataset set = points(), hot = data::one_hot(set);
  Trainer by_class = small_trainer(device()), by_row = small_trainer(device());
  EXPECT_EQ(by_row.evaluate(hot, 16).accuracy, by_class.evaluate(set, 16).accuracy);
  EXPECT_EQ(by_row.evaluate(hot, 16).samples, kExamples);
}

TEST_P(Columns, MetricsThatCannotBe) {
  const auto message = [&](std::vector<metrics::Metric> metrics) {
    try {
      Trainer{device(), small_model(), {.metrics = std::move(metrics)}}.begin(points(), kBatch);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(message({{"loss", loss::Mae{}}}), "metric 'loss': the name is taken, or empty");
  EXPECT_EQ(message({{"a", metrics::TopK{}}, {"a", metrics::TopK{}}}), "metric 'a': the name is taken, or empty");
  EXPECT_EQ(message({{"a", {}}}), "metric 'a': it has no function");
  EXPECT_EQ(message({{"a", metrics::TopK{}, 1}}), "metric 'a': output 1 of 1");
  EXPECT_EQ(message({{"a", [](Value p, Value, loss::Mask) { return p; }}}), "metric 'a': it is f32[8, 3], not one f32");
}

TEST_P(Columns, PartsOfABatchAndHalfPrecisionTakeThemAll) {
  const data::Dataset set = with_numbers(64);
  Trainer whole = two(), in_parts = two({.accumulate = 4}), half = two({.compute = DType::bf16, .mixup = .2f});
  const double want = whole.fit(set, quiet(4)).last("loss");
  EXPECT_NEAR(in_parts.fit(set, quiet(4)).last("loss"), want, 1e-4);
  EXPECT_NEAR(half.fit(set, quiet(4)).last("loss"), want, .5);
}

TEST_P(Columns, PartsOfADataSetKeepThem) {
  data::Dataset set = with_numbers(10);
  set.weights = data::Array::floats({10}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  const data::Dataset some = set.take({7, 2, 7}), middle = set.slice(4, 6);
  some.check("some");
  middle.check("middle");
  EXPECT_EQ(some.more_inputs[0].values.bytes, (std::vector<std::byte>{std::byte{9}, std::byte{4}, std::byte{9}}));
  EXPECT_EQ(some.weights.bytes, data::Array::floats({3}, {7, 2, 7}).bytes);
  EXPECT_EQ(middle.weights.bytes, data::Array::floats({2}, {4, 5}).bytes);
  EXPECT_EQ(middle.more_targets[0].values.desc.shape, (Shape{2, 1}));
  EXPECT_EQ(middle.more_inputs[0].scale, .1f);
}

// A row of weight two counts as the row twice, one of weight zero as none.
TEST_P(Columns, AWeightIsANumberOfRows) {
  const data::Dataset set = points(6), copied = set.take({0, 1, 1, 3, 3, 3, 5});
  data::Dataset weighted = set;
  weighted.weights = data::Array::floats({6}, {1, 2, 0, 3, 0, 1});
  for (const Loss& loss : {Loss{loss::CrossEntropy{}}, Loss{loss::CrossEntropy{.label_smoothing = .1f}},
                           Loss{loss::CrossEntropy{.class_weights = {1, 3, .5f}}}}) {
    const auto make = [&] {
      return Trainer{device(),
                     nn::sequential({nn::Linear{.out = 5}, nn::Tanh{}, nn::Linear{.out = kClasses}}),
                     {.loss = loss, .optimizer = optim::Sgd{.lr = .5f}}};
    };
    Trainer by_weight = make(), by_copies = make();
    by_weight.begin(weighted, 6);
    by_copies.begin(copied, 7);
    for (int step = 0; step < 4; ++step) EXPECT_NEAR(by_weight.step().loss, by_copies.step().loss, 1e-5);
    EXPECT_NEAR(by_weight.evaluate(weighted).loss, by_copies.evaluate(copied).loss, 1e-5);
    const std::vector<float> a = by_weight.predict(set), b = by_copies.predict(set);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-4);
    EXPECT_GT(std::abs(by_weight.evaluate(weighted).loss - by_weight.evaluate(set).loss), 1e-4);
    // The scale of all weights does not matter, and where nothing counts there is no loss.
    data::Dataset none = weighted;
    none.weights = data::Array::floats({6}, std::vector<float>(6));
    EXPECT_TRUE(std::isnan(by_weight.evaluate(none).loss));
    data::Dataset tenth = weighted;
    tenth.weights = data::Array::floats({6}, {.01f, .02f, 0, .03f, 0, .01f});
    EXPECT_NEAR(by_weight.evaluate(tenth).loss, by_weight.evaluate(weighted).loss, 1e-5);
  }
}

TEST_P(Columns, ASourceHasThemToo) {
  data::Dataset set = with_numbers(48);
  std::vector<float> weights;
  for (int i = 0; i < 48; ++i) weights.push_back(static_cast<float>(i % 3));
  set.weights = data::Array::floats({48}, weights);
  Trainer resident = two(), streamed = two();
  FitOptions in_order = quiet(3);
  in_order.shuffle = false;
  data::Source source = data::source_of(set);
  source.window = 16;
  EXPECT_EQ(streamed.fit(source, in_order)["loss"], resident.fit(set, in_order)["loss"]);
  EXPECT_EQ(streamed.predict_all(set), resident.predict_all(set));
}

TEST_P(Columns, ASourceIsJudgedAndPredictedInWindows) {
  const data::Dataset set = with_numbers(45);
  Trainer trainer = two();
  trainer.fit(set, quiet(1));
  const auto want = trainer.predict_all(set, 45);
  const Metrics whole = trainer.evaluate(set, 45);
  for (const int64_t batch : {5, 8, 64}) {
    data::Source source = data::source_of(set);
    source.window = 2 * batch;
    std::vector<int64_t> read;
    source.read = [&, from = source.read](std::span<const int64_t> rows, std::span<std::byte* const> columns) {
      read.insert(read.end(), rows.begin(), rows.end());
      from(rows, columns);
    };
    const Metrics got = trainer.evaluate(source, batch);
    EXPECT_NEAR(got.loss, whole.loss, 1e-5) << "batches of " << batch;
    EXPECT_EQ(got.accuracy, whole.accuracy);
    EXPECT_EQ(got.samples, 45);
    std::vector<int64_t> each(45);
    for (size_t i = 0; i < each.size(); ++i) each[i] = static_cast<int64_t>(i);
    EXPECT_EQ(read, each) << "every row once, in order";
    const auto outputs = trainer.predict_all(source, batch);
    ASSERT_EQ(outputs.size(), 2u);
    for (size_t k = 0; k < 2; ++k) {
      ASSERT_EQ(outputs[k].size(), want[k].size());
      for (size_t i = 0; i < want[k].size(); ++i) EXPECT_NEAR(outputs[k][i], want[k][i], 1e-5);
    }
    EXPECT_EQ(trainer.predict(source, batch), outputs[0]);
  }
  data::Source none = data::source_of(set);
  none.rows = 0;
  EXPECT_THROW((void)trainer.evaluate(none), Error);
}

TEST_P(Columns, Mistakes) {
  data::Dataset set = with_numbers(4);
  set.more_inputs[0].values = data::Array::floats({3, 1}, {1, 2, 3});
  EXPECT_EQ(refusal(set, two()), "train: 4 examples in x f32[4, 7] but x1 is f32[3, 1]");
  set = with_numbers(4);
  set.more_targets[0].classes = 2;
  EXPECT_EQ(refusal(set, two()), "train: y1 is f32[4, 1], class indices are i32: convert with data::class_indices()");
  set.more_targets[0].values = data::Array::integers({4}, {0, 1, 2, 0});
  EXPECT_EQ(refusal(set, two()), "train: label 2 of example 2 is not below 2 classes");
  set = with_numbers(4);
  set.weights = data::Array::floats({4}, {1, 0, -2, 1});
  EXPECT_EQ(refusal(set, two()), "train: the weight of example 2 is -2, below 0");
  set.weights = data::Array::floats({4, 1}, {1, 0, 2, 1});
  EXPECT_EQ(refusal(set, two()), "train: weights is f32[4, 1], it takes one f32 for each example");
  set = with_numbers(8);
  EXPECT_EQ(refusal(set, small_trainer(device())), "model: sequential takes one input, there are 2");
  Trainer one_loss{device(), Model{"two", forward}};
  EXPECT_EQ(refusal(set, std::move(one_loss)),
            "loss: cross_entropy takes one output and one target, not 2 outputs and 2 targets (loss::joint takes "
            "a loss for each)");
  set.more_targets.clear();
  EXPECT_EQ(refusal(set, two()), "joint: 2 losses for 2 outputs and 1 targets");
}

}  // namespace
}  // namespace lemnos::train_tests
