// Rows that do not count: a padded batch gives the same results as without its padding, and what is reported or added
// up does not depend on how the rows were cut into batches. Asked of every layer and every loss.

#include <algorithm>
#include <cmath>
#include <map>

#include "lemnos/augment.h"
#include "lemnos/autograd.h"
#include "lemnos/metrics.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

constexpr int64_t kPadded = 8, kCounted = 5;

Shape batch_of(int64_t rows, const Shape& example) {
  std::vector<int64_t> extents = {rows};
  extents.insert(extents.end(), example.begin(), example.end());
  return Shape(extents);
}

class Rows : public TrainTest {
 protected:
  static float number(int64_t i) { return std::sin(1.7f * static_cast<float>(i) + .3f); }
  static FitOptions quiet(int64_t epochs, int64_t batch) {
    return {.epochs = epochs, .batch_size = batch, .verbosity = Verbosity::silent};
  }
  /// Numbers of a computation by name.
  using Results = std::map<std::string, std::vector<float>>;
  /// `first` may be longer: by rows of padding.
  static void expect_alike(const std::string& what, const Results& padded, const Results& cut) {
    ASSERT_EQ(padded.size(), cut.size()) << what;
    for (const auto& [name, want] : cut) {
      const std::vector<float>& got = padded.at(name);
      ASSERT_GE(got.size(), want.size()) << what << ": " << name;
      for (size_t i = 0; i < want.size(); ++i)
        ASSERT_NEAR(got[i], want[i], 1e-5 + 1e-4 * std::abs(want[i])) << what << ": " << name << " at " << i;
    }
  }
};
LEMNOS_ON_EVERY_DEVICE(Rows);

// Layers
// ----------------------------------------------------------------------------------------------------------------
struct LayerCase {
  nn::Layer layer;
  Shape example;
  bool indices = false;
  bool differentiable = true;
};

std::vector<LayerCase> layer_cases() {
  const Shape plane = {4, 6, 6}, row = {6}, sequence = {3, 6};
  return {{nn::Linear{.out = 3}, row},
          {nn::FusedMlp{.width = 4, .hidden = 1, .out = 2}, row},
          {nn::Relu{}, row},
          {nn::Sigmoid{}, row},
          {nn::Tanh{}, row},
          {nn::Gelu{}, row},
          {nn::Silu{}, row},
          {nn::LeakyRelu{}, row},
          {nn::Prelu{.per_channel = true}, row},
          {nn::Elu{}, row},
          {nn::Softplus{}, row},
          {nn::SwiGlu{}, row},
          {nn::Glu{}, row},
          {nn::Softmax{}, row},
          {nn::Reshape{{2, 3}}, row},
          {nn::Flatten{}, plane},
          {nn::Dropout{}, row},
          {nn::SpatialDropout{}, plane},
          {nn::GaussianNoise{}, row},
          {nn::Conv2d{.out = 3}, plane},
          {nn::Conv1d{.out = 3}, {2, 7}},
          {nn::ConvTranspose2d{.out = 3}, plane},
          {nn::MaxPool2d{}, plane},
          {nn::AvgPool2d{}, plane},
          {nn::AdaptiveAvgPool2d{{2, 3}}, plane},
          {nn::GlobalAvgPool2d{}, plane},
          {nn::Upsample{}, plane},
          {nn::BatchNorm{}, row},
          {nn::BatchNorm{}, plane},
          {nn::BatchNorm{.affine = false}, {3, 5}},
          {nn::LayerNorm{}, row},
          {nn::RmsNorm{}, row},
          {nn::GroupNorm{.groups = 2}, plane},
          {nn::Embedding{.vocabulary = 7, .features = 3}, {4}, true},
          {nn::LearnedPositions{}, sequence},
          {nn::SinusoidalPositions{}, sequence},
          {nn::MultiHeadAttention{.heads = 2}, sequence},
          {nn::Lstm{.units = 3}, sequence},
          {nn::Gru{.units = 3}, sequence},
          {nn::Rnn{.units = 3}, sequence},
          {nn::RandomFlip{}, plane, false, false},
          {nn::RandomCrop{.padding = 1}, plane, false, false},
          {nn::RandomAffine{}, plane, false, false},
          {nn::RandomBrightness{}, plane, false, false},
          {nn::RandomContrast{}, plane, false, false},
          {nn::Cutout{.size = 2}, plane, false, false},
          // Each row of the batch becomes three.
          {nn::Layer("rows of rows",
                     [](const nn::Scope& scope, Value x) {
                       const Value many = reshape(x, Shape{3 * x.shape()[0], 2});
                       return reshape(nn::BatchNorm{}(scope, many), x.shape());
                     }),
           row}};
}

TEST(RowsOf, EveryLayerIsAsked) {
  for (const Maker<nn::Layer>& maker : nn::layer_makers())
    EXPECT_TRUE(std::ranges::any_of(layer_cases(), [&](const LayerCase& c) { return c.layer.kind() == maker.name; }))
        << maker.name << " has no case in rows_test.cpp";
}

TEST_P(Rows, OfPaddingChangeNoLayer) {
  for (const LayerCase& c : layer_cases()) {
    const auto results = [&](int64_t rows, bool counts) {
      Graph graph;
      const Value x = graph.input("x", {batch_of(rows, c.example), DType::f32});
      const Value mask = graph.input("mask", {Shape{rows}, DType::f32});
      const Value count = graph.input("count", {Shape{1}, DType::u32});
      std::vector<Value> statistics;
      nn::Scope scope(graph, step_state(graph, 3), true, 5);
      scope.updates = &statistics;
      if (counts) scope.counted = {count, rows};
      const Value y = c.layer(scope, x);
      const Value loss = loss::masked_mean(square(y) - .3f * y, mask);
      std::vector<Value> wanted = graph.parameters(), targets = {loss, y};
      if (c.differentiable && !c.indices) wanted.push_back(x);
      const std::vector<Value> found = wanted.empty() ? std::vector<Value>() : gradients(loss, wanted);
      for (const Value g : found)
        if (g) targets.push_back(g);
      targets.insert(targets.end(), statistics.begin(), statistics.end());
      const auto session = device().open(graph);
      const auto program = session->compile({.targets = targets});
      const int64_t example = c.example.elements();
      std::vector<float> xs(static_cast<size_t>(rows * example)), ones(static_cast<size_t>(rows));
      for (int64_t i = 0; i < rows * example; ++i) {
        const int64_t from = i < kCounted * example ? i : i % example;
        xs[static_cast<size_t>(i)] = c.indices ? static_cast<float>(from % 7) : number(from);
      }
      for (int64_t i = 0; i < rows; ++i) ones[static_cast<size_t>(i)] = i < kCounted;
      const auto counted = static_cast<uint32_t>(kCounted);
      session->write(x, xs);
      session->write(mask, ones);
      if (counts) session->write(count, std::as_bytes(std::span(&counted, 1)));
      EXPECT_EQ(program->run(1), Status::ok);
      Results all = {{"loss", program->read_floats(loss)}, {"y", program->read_floats(y)}};
      for (size_t i = 0; i < found.size(); ++i)
        if (found[i]) all["gradient of " + wanted[i].name()] = program->read_floats(found[i]);
      for (const char* name : {"running_mean", "running_var"})
        if (const Value v = graph.find(name)) all[name] = session->read_floats(v);
      return all;
    };
    expect_alike(c.layer.kind(), results(kPadded, true), results(kCounted, false));
  }
}

// Losses
// ----------------------------------------------------------------------------------------------------------------
struct LossCase {
  std::string name;
  Loss loss;
  std::string target;  // "classes", "classes of places", "probabilities", "numbers"
};

// One that knows what it divides by: the mean over the elements whose target is above 0.
struct AboveZero {
  static constexpr const char* kKind = "above_zero";
  static constexpr bool kClasses = false;
  static Value above(Value target, Value mask) {
    return greater(target, target.graph().scalar(0)) * reshape(mask, Shape{mask.shape()[0], 1});
  }
  Value operator()(Value prediction, Value target, Value mask) const {
    return sum(square(prediction - target) * above(target, mask)) / weight(target, mask);
  }
  Value weight(Value target, Value mask) const {
    return maximum(sum(above(target, mask)), target.graph().scalar(1e-30f));
  }
};

std::vector<LossCase> loss_cases() {
  const std::vector<float> weights = {.25f, 3, 1};
  return {
      {"cross_entropy", loss::CrossEntropy{}, "classes"},
      {"cross_entropy, smoothed", loss::CrossEntropy{.label_smoothing = .1f}, "classes"},
      {"cross_entropy, class weights", loss::CrossEntropy{.class_weights = weights}, "classes"},
      {"cross_entropy of places", loss::CrossEntropy{}, "classes of places"},
      {"cross_entropy of places, class weights", loss::CrossEntropy{.class_weights = weights}, "classes of places"},
      {"cross_entropy of probabilities", loss::CrossEntropy{}, "probabilities"},
      {"cross_entropy of probabilities, class weights", loss::CrossEntropy{.class_weights = weights}, "probabilities"},
      {"binary_cross_entropy", loss::BinaryCrossEntropy{.positive_weight = 2}, "probabilities"},
      {"mse", loss::Mse{}, "numbers"},
      {"mae", loss::Mae{}, "numbers"},
      {"huber", loss::Huber{.delta = .5f}, "numbers"},
      {"joint", loss::joint({{loss::Mse{}, .5f}}), "numbers"},
      {"joint, class weights", loss::joint({{loss::CrossEntropy{.class_weights = weights}, 2}}), "classes"},
      {"own divisor", AboveZero{}, "numbers"}};
}

TEST(RowsOf, EveryLossIsAsked) {
  for (const Maker<Loss>& maker : loss::loss_makers())
    EXPECT_TRUE(std::ranges::any_of(loss_cases(), [&](const LossCase& c) { return c.loss.kind() == maker.name; }))
        << maker.name << " has no case in rows_test.cpp";
}

constexpr int64_t kPlaces = 4;

/// Rows for a loss; of classes every seventh is ignored. Weights of rows are quarters.
data::Dataset set_for(const LossCase& c, int64_t rows, bool weighted) {
  data::Dataset set = points(rows);
  const bool places = c.target == "classes of places";
  if (places || c.target == "classes") {
    const int64_t labels = rows * (places ? kPlaces : 1);
    std::vector<int32_t> y;
    for (int64_t i = 0; i < labels; ++i) y.push_back(i % 7 == 3 ? -1 : static_cast<int32_t>(i * i % 11 % kClasses));
    set.y = data::Array::integers(places ? Shape{rows, kPlaces} : Shape{rows}, y);
  } else {
    std::vector<float> y;
    for (int64_t i = 0; i < rows * kClasses; ++i) {
      const float v = std::sin(1.3f * static_cast<float>(i));
      y.push_back(c.target == "numbers" ? 2 * v : std::abs(v));
    }
    set.y = data::Array::floats({rows, kClasses}, y);
    set.classes = 0;
  }
  if (weighted) {
    std::vector<float> w;
    for (int64_t i = 0; i < rows; ++i) w.push_back(.25f * static_cast<float>(i * i % 9));
    set.weights = data::Array::floats({rows}, w);
  }
  return set;
}

/// A linear model with the outputs that the loss judges.
Model model_for(const LossCase& c) {
  const int64_t places = c.target == "classes of places" ? kPlaces : 1;
  std::vector<nn::Layer> layers = {nn::Linear{.out = places * kClasses}};
  if (places > 1) layers.emplace_back(nn::Reshape{{places, kClasses}});
  return nn::sequential(layers);
}

// The value, what it divides by, and the gradient.
TEST_P(Rows, OfPaddingChangeNoLoss) {
  for (const LossCase& c : loss_cases())
    for (const bool weighted : {false, true}) {
      const data::Dataset set = set_for(c, kCounted, weighted);
      const int64_t places = c.target == "classes of places" ? kPlaces : 1, columns = places * kClasses;
      const auto results = [&](int64_t rows) {
        Graph graph;
        const Shape shape = places > 1 ? Shape{rows, places, kClasses} : Shape{rows, kClasses};
        const Value prediction = graph.input("prediction", {shape, DType::f32});
        TensorDesc desc = set.y.desc;
        const size_t row_bytes = set.y.bytes.size() / kCounted;
        desc.shape = batch_of(rows, desc.shape.without(0));
        const Value target = graph.input("target", desc), mask = graph.input("mask", {Shape{rows}, DType::f32});
        const std::vector<Value> losses = c.loss.each({prediction}, {target}, {mask, weighted});
        std::vector<Value> weights = c.loss.weights({target}, {mask, weighted});
        if (!weights[0]) weights[0] = loss::counts(target, {mask, weighted});
        const Value gradient = gradients(reshape(c.loss.total(losses), Shape{}), {{prediction}})[0];
        const auto session = device().open(graph);
        const auto program = session->compile({.targets = {losses[0], weights[0], gradient}});
        std::vector<float> p(static_cast<size_t>(rows * columns)), w(static_cast<size_t>(rows));
        for (size_t i = 0; i < p.size(); ++i) p[i] = number(static_cast<int64_t>(i));
        for (size_t i = 0; i < static_cast<size_t>(kCounted); ++i)
          w[i] = weighted ? .25f * static_cast<float>(i * i % 9) : 1;
        // Padding: of classes -1, else any number.
        std::vector<std::byte> y(static_cast<size_t>(rows) * row_bytes, std::byte{0xff});
        if (is_floating(desc.dtype)) std::ranges::fill(y, std::byte{0});
        std::ranges::copy(set.y.bytes, y.begin());
        session->write(prediction, p);
        session->write(mask, w);
        session->write(target, y);
        EXPECT_EQ(program->run(1), Status::ok);
        std::vector<float> g = program->read_floats(gradient);
        for (size_t i = static_cast<size_t>(kCounted * columns); i < g.size(); ++i)
          EXPECT_EQ(g[i], 0) << c.name << ": padding has a gradient";
        return Results{
            {"loss", program->read_floats(losses[0])}, {"weight", program->read_floats(weights[0])}, {"gradient", g}};
      };
      expect_alike(c.name + (weighted ? ", weighted rows" : ""), results(kPadded), results(kCounted));
    }
}

// A data set gives the same numbers in batches of any size, also if they do not divide the rows.
TEST_P(Rows, CutIntoBatchesGiveTheSameNumbers) {
  for (const LossCase& c : loss_cases())
    for (const bool weighted : {false, true}) {
      const std::string what = c.name + (weighted ? ", weighted rows" : "");
      TrainerOptions options{.loss = c.loss};
      options.metrics = {{"same", [loss = c.loss](Value p, Value t, loss::Mask m) { return loss({p}, {t}, m); }}};
      options.metrics[0].value.weight = [loss = c.loss](Value t, loss::Mask m) { return loss.weights({t}, m)[0]; };
      if (c.target == "classes") options.metrics.push_back({"top_2", metrics::TopK{.k = 2}});
      Trainer trainer{device(), model_for(c), options};
      const data::Dataset set = set_for(c, kExamples, weighted);
      const Metrics whole = trainer.evaluate(set, 64);
      for (const int64_t batch : {1, 3, 16}) {
        const Metrics parts = trainer.evaluate(set, batch);
        EXPECT_EQ(parts.samples, whole.samples) << what;
        EXPECT_NEAR(parts.accuracy, whole.accuracy, 1e-9) << what << " by " << batch;
        EXPECT_NEAR(parts.loss, whole.loss, 1e-5 * (1 + std::abs(whole.loss))) << what << " by " << batch;
        for (size_t i = 0; i < whole.more.size(); ++i)
          EXPECT_NEAR(parts.more[i].second, whole.more[i].second, 1e-5 * (1 + std::abs(whole.more[i].second)))
              << what << " by " << batch << ": " << whole.more[i].first;
      }
    }
}

// A step in parts is the step of the whole batch, also where the last batch is padded by more than a part.
TEST_P(Rows, InPartsMakeTheSameStep) {
  for (const LossCase& c : loss_cases())
    for (const bool weighted : {false, true}) {
      const std::string what = c.name + (weighted ? ", weighted rows" : "");
      const data::Dataset set = set_for(c, 21, weighted);
      std::vector<Trainer> trainers;
      for (const int64_t parts : {1, 4, 8}) {
        Trainer& trainer = trainers.emplace_back(
            device(), model_for(c),
            TrainerOptions{.loss = c.loss, .optimizer = optim::Sgd{.lr = .2f}, .accumulate = parts});
        trainer.begin(set, 8);
      }
      for (int step = 0; step < 3; ++step) {
        const Metrics whole = trainers[0].step(1);
        for (size_t i = 1; i < trainers.size(); ++i) {
          const Metrics parts = trainers[i].step(1);
          EXPECT_NEAR(parts.loss, whole.loss, 1e-5 * (1 + std::abs(whole.loss))) << what;
          EXPECT_EQ(parts.samples, whole.samples) << what;
        }
      }
      const auto weights = [](Trainer& t) { return t.session().read_floats(t.graph().find("0.weight")); };
      for (size_t i = 1; i < trainers.size(); ++i)
        expect_alike(what + " in parts", {{"weight", weights(trainers[i])}}, {{"weight", weights(trainers[0])}});
    }
}

// The right values by hand: W = 0, so p = 1/2 for both classes, and the gradient of a row's loss is -x/2 for its class
// and x/2 for the other, times the class's weight; two labels are ignored.
TEST_P(Rows, InPartsMakeTheStepByHand) {
  const data::Dataset set{.x = data::Array::floats({4, 1}, std::vector<float>{1, 2, 3, 4}),
                          .y = data::Array::integers({4}, std::vector<int32_t>{0, -1, 1, -1}),
                          .classes = 2};
  for (const int64_t parts : {1, 2, 4}) {
    Trainer trainer{
        device(),
        nn::sequential({nn::Linear{.out = 2, .bias = false, .weight_init = Init::zeros()}}),
        {.loss = loss::CrossEntropy{.class_weights = {1, 3}}, .optimizer = optim::Sgd{.lr = 1}, .accumulate = parts}};
    trainer.begin(set, 4, false);
    EXPECT_NEAR(trainer.step(1).loss, std::log(2.0), 1e-6);
    const std::vector<float> w = trainer.session().read_floats(trainer.graph().find("0.weight"));
    EXPECT_NEAR(w[0], (1 * .5 - 3 * 3 * .5) / 4, 1e-6) << parts;
    EXPECT_NEAR(w[1], -(1 * .5 - 3 * 3 * .5) / 4, 1e-6) << parts;
  }
}

// Training
// ----------------------------------------------------------------------------------------------------------------
Model normed_model() {
  return nn::sequential({nn::Linear{.out = 8}, nn::BatchNorm{}, nn::Tanh{}, nn::Linear{.out = kClasses}});
}

TEST_P(Rows, OfAPaddedBatchMoveNoRunningStatistics) {
  const data::Dataset set = points(13);
  std::vector<Trainer> trainers;
  for (const int64_t batch : {13, 16, 64}) {
    Trainer& trainer =
        trainers.emplace_back(device(), normed_model(), TrainerOptions{.optimizer = optim::Sgd{.lr = .1f}});
    trainer.fit(set, quiet(4, batch));
  }
  for (Trainer& trainer : trainers)
    for (const char* name : {"1.running_mean", "1.running_var", "0.weight", "3.weight"}) {
      const auto read = [&](Trainer& t) { return t.session().read_floats(t.graph().find(name)); };
      expect_alike(name, {{name, read(trainer)}}, {{name, read(trainers[0])}});
    }
}

// Half of the last batch is padding: that once spoilt what evaluation judges by.
TEST_P(Rows, OfPaddingCostNoAccuracy) {
  const data::Dataset set = points(576);
  Trainer trainer{device(), normed_model(), {.optimizer = optim::Adam{.lr = .02f}}};
  const History history = trainer.fit(set, quiet(12, 128));
  EXPECT_GT(history.last("accuracy"), .9);
  EXPECT_GT(trainer.evaluate(set).accuracy, history.last("accuracy") - .02);
}

// One row is no variance: the running statistics stay where they are.
TEST_P(Rows, OfWhichOneCountsLeaveTheStatistics) {
  Trainer trainer{device(), normed_model(), {.optimizer = optim::Sgd{.lr = 0}}};
  trainer.begin(points(1), 4);
  trainer.step(3);
  const auto read = [&](const char* name) { return trainer.session().read_floats(trainer.graph().find(name)); };
  EXPECT_EQ(read("1.running_mean"), std::vector<float>(8, 0));
  EXPECT_EQ(read("1.running_var"), std::vector<float>(8, 1));
}

// Zeros are no data: the padding is made of rows that are there.
TEST_P(Rows, OfPaddingMayHaveNoAnswerToZeros) {
  const Model logarithm =
      nn::sequential({nn::function("log", [](Value x) { return log(x); }), nn::Linear{.out = kClasses}});
  data::Dataset set = points(13);
  std::vector<float> x(13 * kFeatures);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 1.5f + std::sin(static_cast<float>(i));
  set.x = data::Array::floats({13, kFeatures}, x);
  Trainer padded{device(), logarithm, {}}, cut{device(), logarithm, {}};
  padded.fit(set, quiet(2, 16));
  cut.fit(set, quiet(2, 13));
  const auto weights = [](Trainer& t) { return t.session().read_floats(t.graph().find("1.weight")); };
  expect_alike("log", {{"weight", weights(padded)}}, {{"weight", weights(cut)}});
}

TEST_P(Rows, OfPaddingAreNotMixedIn) {
  for (const bool weighted : {false, true})
    for (const char* target : {"classes", "numbers"}) {
      const LossCase c = {"", target == std::string("classes") ? Loss(loss::CrossEntropy{}) : Loss(loss::Mse{}),
                          target};
      const data::Dataset set = set_for(c, 13, weighted);
      std::vector<Trainer> trainers;
      for (const int64_t batch : {13, 16}) {
        Trainer& trainer = trainers.emplace_back(
            device(), model_for(c), TrainerOptions{.loss = c.loss, .optimizer = optim::Sgd{.lr = .1f}, .mixup = .5f});
        trainer.fit(set, quiet(3, batch));
      }
      const auto weights = [](Trainer& t) { return t.session().read_floats(t.graph().find("0.weight")); };
      expect_alike(std::string("mixup, ") + target, {{"weight", weights(trainers[1])}},
                   {{"weight", weights(trainers[0])}});
    }
}

TEST_P(Rows, ThatCannotBeToldFromPaddingAreRefused) {
  Graph graph;
  nn::Scope scope(graph, step_state(graph), true, 1);
  scope.counted = {graph.input("count", {Shape{1}, DType::u32}), 8};
  const Value x = graph.input("x", {Shape{12, 3}, DType::f32});
  try {
    (void)nn::BatchNorm{}(scope.nested("norm"), x);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "norm: x f32[12, 3] has 12 rows for a batch of 8, so nobody knows which of them are padding; drop the "
                 "last batch (drop_last), or set Scope::counted");
  }
}

}  // namespace
}  // namespace lemnos::train_tests
