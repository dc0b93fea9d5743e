// Scopes: who shares a parameter, what it starts from, who learns it; and what layers leave beside their result.
#include "lemnos/autograd.h"
#include "lemnos/session.h"
#include "tests/error_of.h"
#include "tests/nn/support.h"

namespace lemnos::nn_tests {
namespace {

std::vector<float> initial(Graph& graph, const char* name) {
  return Device::cpu().open(graph)->read_floats(graph.find(name));
}

TEST(Scope, NamesAreJoinedByDots) {
  Network net(true, 7);
  const nn::Scope inner = net.scope.nested("features").nested("0");
  EXPECT_EQ(inner.prefix(), "features.0");
  EXPECT_EQ(net.scope.prefix(), "");
  EXPECT_EQ(inner.seed(), 7u);
  EXPECT_TRUE(inner.training());
  EXPECT_EQ(inner.parameter("weight", {2}, Init::ones()).name(), "features.0.weight");
  EXPECT_EQ(net.scope.parameter("weight", {2}, Init::ones()).name(), "weight");
  EXPECT_EQ(inner.variable("mean", {2}, 3).name(), "features.0.mean");
  EXPECT_EQ(initial(net.graph, "features.0.mean"), (std::vector<float>{3, 3}));
}

TEST(Scope, OneNameIsOneParameter) {
  Network net(true);
  const Value a = net.graph.input("a", {{2, 3}, DType::f32}), b = net.graph.input("b", {{5, 3}, DType::f32});
  const nn::Linear layer{.out = 4};
  layer(net.scope.nested("shared"), a);
  layer(net.scope.nested("shared"), b);  // another batch, the same weights
  EXPECT_EQ(net.parameters().size(), 2u);
  layer(net.scope.nested("own"), b);
  EXPECT_EQ(net.parameters().size(), 4u);
}

TEST(Scope, AnotherShapeUnderTheSameNameIsRefusedWithBoth) {
  Network net(true);
  const Value a = net.graph.input("a", {{2, 3}, DType::f32}), b = net.graph.input("b", {{2, 6}, DType::f32});
  const nn::Scope scope = net.scope.nested("l");
  nn::Linear{.out = 4}(scope, a);
  const Error parameter = error_of([&] { nn::Linear{.out = 4}(scope, b); });
  EXPECT_STREQ(parameter.what(), "parameter 'l.weight' has shape [4, 3], this use of it needs [4, 6]");
  EXPECT_EQ(parameter.code(), ErrorCode::shape_mismatch);
  nn::BatchNorm{.affine = false}(scope, a);
  const Error variable = error_of([&] { nn::BatchNorm{.affine = false}(scope, b); });
  EXPECT_STREQ(variable.what(), "variable 'l.running_mean' has shape [3], this use of it needs [6]");
  EXPECT_EQ(variable.code(), ErrorCode::shape_mismatch);
  EXPECT_EQ(net.parameters().size(), 2u);
}

TEST(Scope, ANameOfSomethingElseIsRefused) {
  Network net(true);
  net.graph.input("a.weight", {{4, 3}, DType::f32});
  net.scope.parameter("b.mean", {2}, Init::ones());
  net.scope.variable("c.weight", {2}, 1);
  const nn::Scope a = net.scope.nested("a"), b = net.scope.nested("b"), c = net.scope.nested("c");
  const Error input = error_of([&] { a.parameter("weight", {4, 3}, Init::ones()); });
  EXPECT_STREQ(input.what(),
               "parameter 'a.weight': the graph has the input 'a.weight' f32[4, 3] already; give one of them another "
               "name");
  EXPECT_EQ(input.code(), ErrorCode::invalid_argument);
  EXPECT_STREQ(error_of([&] { c.parameter("weight", {2}, Init::ones()); }).what(),
               "parameter 'c.weight': the graph has the variable 'c.weight' f32[2] already; give one of them another "
               "name");
  EXPECT_STREQ(error_of([&] { b.variable("mean", {2}, 0); }).what(),
               "variable 'b.mean': the graph has the parameter 'b.mean' f32[2] already; give one of them another name");
}

TEST(Scope, AParameterStartsFromItsNameAndTheSeed) {
  const auto weight = [](uint64_t seed, bool with_another_before) {
    Network net(true, seed);
    const Value x = net.graph.input("x", {{2, 3}, DType::f32});
    if (with_another_before) nn::Linear{.out = 8}(net.scope.nested("before"), x);
    nn::Linear{.out = 4}(net.scope.nested("l"), x);
    return initial(net.graph, "l.weight");
  };
  const std::vector<float> first = weight(1, false);
  EXPECT_EQ(first, weight(1, true)) << "a layer that is added must not change what the others start from";
  EXPECT_NE(first, weight(2, false));
  Network net(true);
  nn::Linear{.out = 4}(net.scope.nested("other"), net.graph.input("x", {{2, 3}, DType::f32}));
  EXPECT_NE(first, initial(net.graph, "other.weight"));
}

TEST(Scope, DetachedParametersDoNotLearnAndPassGradientsOn) {
  Network net(true);
  const Value x = net.graph.input("x", {{2, 3}, DType::f32});
  const nn::Linear layer{.out = 1};
  const Value judged = layer(net.scope.detached().nested("critic"), x);
  EXPECT_EQ(net.parameters(), (std::vector<Named>{{"critic.bias", {1}}, {"critic.weight", {1, 3}}}));
  const std::vector<Value> wrt{net.graph.find("critic.weight"), net.graph.find("critic.bias"), x};
  const std::vector<Value> held = gradients(sum(judged), wrt);
  EXPECT_FALSE(held[0]);
  EXPECT_FALSE(held[1]);
  ASSERT_TRUE(held[2]);
  // d(sum)/dx is the weight, in each row.
  const std::vector<float> weight = initial(net.graph, "critic.weight");
  std::vector<float> rows = weight;
  rows.insert(rows.end(), weight.begin(), weight.end());
  EXPECT_EQ(eval(Device::cpu(), held[2]), rows);
  // The same parameters learn where they are not held.
  const std::vector<Value> free = gradients(sum(layer(net.scope.nested("critic"), x)), wrt);
  EXPECT_TRUE(free[0] && free[1] && free[2]);
  EXPECT_EQ(net.parameters().size(), 2u);
}

TEST(Scope, ALayerComputesWithItsParameters) {
  Network net(true);
  const std::vector<float> numbers{1, 2, 3, 4, 5, 6};
  const Value x = net.graph.constant({2, 3}, numbers);
  const nn::Linear layer{.out = 2, .weight_init = Init::constant(2), .bias_init = Init::constant(-1)};
  EXPECT_EQ(eval(Device::cpu(), layer(net.scope.nested("a"), x)), (std::vector<float>{11, 11, 29, 29}));
  const nn::Linear same{.out = 3, .bias = false, .weight_init = Init::identity()};
  EXPECT_EQ(eval(Device::cpu(), nn::residual(same)(net.scope.nested("b"), x)),
            (std::vector<float>{2, 4, 6, 8, 10, 12}));
  const std::vector<float> indices{2, 0, 1};
  const nn::Embedding table{.vocabulary = 3, .features = 3, .weight_init = Init::identity()};
  EXPECT_EQ(eval(Device::cpu(), table(net.scope.nested("c"), net.graph.constant({3}, indices))),
            (std::vector<float>{0, 0, 1, 1, 0, 0, 0, 1, 0}));
}

TEST(Scope, EvaluationSkipsRandomLayers) {
  Network net(false);
  const Value x = net.graph.input("x", {{2, 3, 4}, DType::f32});
  for (const nn::Layer& layer :
       {nn::Layer(nn::Dropout{}), nn::Layer(nn::SpatialDropout{}), nn::Layer(nn::GaussianNoise{})}) {
    EXPECT_EQ(layer(net.scope, x), x) << layer.kind();
    Network::training_of(net.scope, true,
                         [&](const nn::Scope& training) { EXPECT_NE(layer(training, x), x) << layer.kind(); });
  }
}

// As in a network with two inputs and one set of weights.
TEST(Scope, RunningStatisticsMoveWithEveryUseOfALayer) {
  Network net(true);
  const std::vector<float> first{1, 10, 3, 10}, second{5, 0, 7, 0};
  std::vector<Value> updates;
  net.scope.updates = &updates;
  const nn::BatchNorm layer{.momentum = .5f, .affine = false};
  layer(net.scope, net.graph.constant({2, 2}, first));
  layer(net.scope, net.graph.constant({2, 2}, second));
  ASSERT_EQ(updates.size(), 2u);
  const auto session = Device::cpu().open(net.graph);
  ASSERT_EQ(session->compile({.targets = updates})->run(1), Status::ok);
  EXPECT_EQ(session->read_floats(net.graph.find("running_mean")), (std::vector<float>{3.5f, 2.5f}));
}

TEST(Scope, RunningStatisticsMoveOnlyDuringTraining) {
  Network net(true);
  const std::vector<float> numbers{1, 10, 3, 10};
  const Value x = net.graph.constant({2, 2}, numbers);
  std::vector<Value> updates;
  const nn::BatchNorm layer{.momentum = .5f};
  const Value without = layer(net.scope, x);  // nobody asks for updates
  net.scope.updates = &updates;
  layer(net.scope, x);
  ASSERT_EQ(updates.size(), 1u);
  Value evaluated;
  Network::training_of(net.scope, false, [&](nn::Scope scope) {
    scope.updates = &updates;
    evaluated = layer(scope, x);
  });
  EXPECT_EQ(updates.size(), 1u);

  const auto session = Device::cpu().open(net.graph);
  const auto mean = [&] { return session->read_floats(net.graph.find("running_mean")); };
  ASSERT_EQ(session->compile({.targets = {without, evaluated}})->run(), Status::ok);
  EXPECT_EQ(mean(), (std::vector<float>{0, 0}));
  ASSERT_EQ(session->compile({.targets = {updates[0]}})->run(2), Status::ok);
  EXPECT_EQ(mean(), (std::vector<float>{1.5f, 7.5f}));  // half of the way to {2, 10}, twice
  const std::vector<float> variance = session->read_floats(net.graph.find("running_var"));
  EXPECT_FLOAT_EQ(variance[0], 1.75f);  // half of the way from 1 to 2, twice; unbiased
  EXPECT_FLOAT_EQ(variance[1], .25f);
}

TEST(Scope, ReportsDescribeEachLayersOutput) {
  Network net(true);
  std::vector<nn::LayerReport> reports;
  net.scope.reports = &reports;
  const nn::Model model =
      nn::sequential({nn::Flatten{}, nn::sequential({nn::Linear{.out = 4}, nn::Relu{}}), nn::Linear{.out = 2}});
  model(net.scope, net.graph.input("x", {{5, 2, 3}, DType::f32}));
  std::vector<std::string> lines;
  for (const nn::LayerReport& r : reports)
    lines.push_back(r.name + " " + r.kind + " " + to_string(r.output) + " " + std::to_string(r.parameters));
  EXPECT_EQ(lines, (std::vector<std::string>{"0 flatten [5, 6] 0", "1 sequential [5, 4] 28", "1.0 linear [5, 4] 28",
                                             "1.1 relu [5, 4] 0", "2 linear [5, 2] 10"}));
}

}  // namespace
}  // namespace lemnos::nn_tests
