// Rows that do not count: a batch that is padded comes to what it comes to without its padding. Asked of every layer.

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

TEST_P(Rows, ThatNobodyCanTellFromPaddingAreRefused) {
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
