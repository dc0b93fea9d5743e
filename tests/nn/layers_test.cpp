// Every layer: the shape that it makes, the parameters and variables that it names, and what it refuses.
#include <cmath>

#include "lemnos/session.h"
#include "tests/error_of.h"
#include "tests/nn/support.h"

namespace lemnos::nn_tests {
namespace {

struct Case {
  std::string name;
  nn::Layer layer;
  Shape x, y;
  std::vector<Named> parameters = {}, variables = {};
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

std::vector<Case> plain_cases() {
  return {{"Relu", nn::Relu{}, {2, 3}, {2, 3}},
          {"Sigmoid", nn::Sigmoid{}, {2, 3}, {2, 3}},
          {"Tanh", nn::Tanh{}, {2, 3}, {2, 3}},
          {"Gelu", nn::Gelu{}, {2, 3}, {2, 3}},
          {"GeluTanh", nn::Gelu{GeluForm::tanh}, {2, 3}, {2, 3}},
          {"Silu", nn::Silu{}, {2, 3}, {2, 3}},
          {"LeakyRelu", nn::LeakyRelu{}, {2, 3}, {2, 3}},
          {"Elu", nn::Elu{}, {2, 3}, {2, 3}},
          {"Softplus", nn::Softplus{}, {2, 3}, {2, 3}},
          {"SwiGlu", nn::SwiGlu{}, {2, 6}, {2, 3}},
          {"Glu", nn::Glu{}, {2, 5, 4}, {2, 5, 2}},
          {"Softmax", nn::Softmax{}, {2, 3}, {2, 3}},
          {"Function", nn::function("selu", [](Value x) { return selu(x); }), {2, 3}, {2, 3}},
          {"Reshape", nn::Reshape{{1, 3, 4}}, {2, 12}, {2, 1, 3, 4}},
          {"Flatten", nn::Flatten{}, {2, 3, 4}, {2, 12}},
          {"Dropout", nn::Dropout{}, {2, 3}, {2, 3}},
          {"SpatialDropout", nn::SpatialDropout{}, {2, 3, 4}, {2, 3, 4}},
          {"GaussianNoise", nn::GaussianNoise{}, {2, 3}, {2, 3}},
          {"MaxPool2d", nn::MaxPool2d{}, {1, 2, 7, 9}, {1, 2, 3, 4}},
          {"MaxPool2dCeil", nn::MaxPool2d{.ceil = true}, {1, 2, 7, 9}, {1, 2, 4, 5}},
          {"AvgPool2d", nn::AvgPool2d{.kernel = 3, .stride = {1, 2}, .padding = 1}, {1, 2, 7, 9}, {1, 2, 7, 5}},
          {"AdaptiveAvgPool2d", nn::AdaptiveAvgPool2d{{2, 3}}, {1, 2, 7, 9}, {1, 2, 2, 3}},
          {"GlobalAvgPool2d", nn::GlobalAvgPool2d{}, {1, 2, 7, 9}, {1, 2}},
          {"Upsample", nn::Upsample{}, {1, 2, 3, 5}, {1, 2, 6, 10}},
          {"UpsampleTo", nn::Upsample{.size = {4, 7}, .mode = UpsampleMode::bilinear}, {1, 2, 3, 5}, {1, 2, 4, 7}},
          {"SinusoidalPositions", nn::SinusoidalPositions{}, {2, 4, 6}, {2, 4, 6}}};
}

std::vector<Case> dense_cases() {
  return {{"Linear", nn::Linear{.out = 5}, {2, 3}, {2, 5}, {{"weight", {5, 3}}, {"bias", {5}}}},
          {"LinearOfRows", nn::Linear{.out = 5}, {2, 4, 3}, {2, 4, 5}, {{"weight", {5, 3}}, {"bias", {5}}}},
          {"LinearWithoutBias", nn::Linear{.out = 5, .bias = false}, {2, 3}, {2, 5}, {{"weight", {5, 3}}}},
          {"FusedMlp",
           nn::FusedMlp{.width = 8, .hidden = 2, .out = 3},
           {4, 5},
           {4, 3},
           {{"weights", {(5 + 1) * 8 + (8 + 1) * 8 + (8 + 1) * 3}}}},
          {"Prelu", nn::Prelu{}, {2, 3, 4}, {2, 3, 4}, {{"weight", {1}}}},
          {"PreluOfChannels", nn::Prelu{.per_channel = true}, {2, 3, 4}, {2, 3, 4}, {{"weight", {3}}}},
          {"Embedding", nn::Embedding{.vocabulary = 7, .features = 3}, {2, 4}, {2, 4, 3}, {{"weight", {7, 3}}}},
          {"LearnedPositions", nn::LearnedPositions{}, {2, 4, 6}, {2, 4, 6}, {{"weight", {4, 6}}}}};
}

std::vector<Case> plane_cases() {
  return {{"Conv2d",
           nn::Conv2d{.out = 4, .kernel = 3, .stride = 2, .padding = 1, .groups = 2},
           {1, 6, 7, 9},
           {1, 4, 4, 5},
           {{"weight", {4, 3, 3, 3}}, {"bias", {4}}}},
          {"Conv2dOfAPair",
           nn::Conv2d{.out = 2, .kernel = {1, 3}, .dilation = {1, 2}, .bias = false},
           {1, 3, 7, 9},
           {1, 2, 7, 5},
           {{"weight", {2, 3, 1, 3}}}},
          {"Conv1d", nn::Conv1d{.out = 4}, {1, 2, 8}, {1, 4, 6}, {{"weight", {4, 2, 3}}, {"bias", {4}}}},
          {"ConvTranspose2d",
           nn::ConvTranspose2d{.out = 4, .stride = 2},
           {1, 6, 3, 5},
           {1, 4, 6, 10},
           {{"weight", {6, 4, 2, 2}}, {"bias", {4}}}}};
}

std::vector<Case> norm_cases() {
  return {{"BatchNorm",
           nn::BatchNorm{},
           {2, 3, 5},
           {2, 3, 5},
           {{"weight", {3}}, {"bias", {3}}},
           {{"running_mean", {3}}, {"running_var", {3}}}},
          {"BatchNormAlone",
           nn::BatchNorm{.affine = false},
           {2, 3},
           {2, 3},
           {},
           {{"running_mean", {3}}, {"running_var", {3}}}},
          {"LayerNorm", nn::LayerNorm{.axes = 2}, {2, 3, 4}, {2, 3, 4}, {{"weight", {3, 4}}, {"bias", {3, 4}}}},
          {"LayerNormWithoutBias", nn::LayerNorm{.bias = false}, {2, 4}, {2, 4}, {{"weight", {4}}}},
          {"RmsNorm", nn::RmsNorm{}, {2, 3, 4}, {2, 3, 4}, {{"weight", {4}}}},
          {"GroupNorm", nn::GroupNorm{.groups = 2}, {2, 4, 3}, {2, 4, 3}, {{"weight", {4}}, {"bias", {4}}}}};
}

// Names and shapes of PyTorch's recurrent layers, for `gates` gates of 5 units.
std::vector<Named> recurrent(int64_t gates, int64_t layers) {
  std::vector<Named> all;
  for (int64_t i = 0; i < layers; ++i) {
    const std::string end = "_l" + std::to_string(i);
    const int64_t rows = gates * 5;
    all.push_back({"weight_ih" + end, {rows, i ? 5 : 3}});
    all.push_back({"weight_hh" + end, {rows, 5}});
    all.push_back({"bias_ih" + end, {rows}});
    all.push_back({"bias_hh" + end, {rows}});
  }
  return all;
}

std::vector<Case> sequence_cases() {
  std::vector<Named> attention;
  for (const char* part : {"q_proj", "k_proj", "v_proj", "out_proj"}) {
    attention.push_back({std::string(part) + ".weight", {4, 4}});
    attention.push_back({std::string(part) + ".bias", {4}});
  }
  return {{"MultiHeadAttention", nn::MultiHeadAttention{.heads = 2, .causal = true}, {2, 3, 4}, {2, 3, 4}, attention},
          {"Lstm", nn::Lstm{.units = 5, .layers = 2}, {2, 4, 3}, {2, 4, 5}, recurrent(4, 2)},
          {"LstmOfTheLastStep", nn::Lstm{.units = 5, .sequences = false}, {2, 4, 3}, {2, 5}, recurrent(4, 1)},
          {"Gru", nn::Gru{.units = 5}, {2, 4, 3}, {2, 4, 5}, recurrent(3, 1)},
          {"Rnn", nn::Rnn{.units = 5, .rectified = true}, {2, 4, 3}, {2, 4, 5}, recurrent(1, 1)},
          {"RnnWithoutBias",
           nn::Rnn{.units = 5, .bias = false},
           {2, 4, 3},
           {2, 4, 5},
           {{"weight_ih_l0", {5, 3}}, {"weight_hh_l0", {5, 5}}}}};
}

std::vector<Case> composed_cases() {
  return {
      {"Sequential",
       nn::sequential({nn::Linear{.out = 4}, nn::Relu{}, nn::Linear{.out = 2, .bias = false}}),
       {2, 3},
       {2, 2},
       {{"0.weight", {4, 3}}, {"0.bias", {4}}, {"2.weight", {2, 4}}}},
      {"Residual", nn::residual(nn::Linear{.out = 3}), {2, 3}, {2, 3}, {{"body.weight", {3, 3}}, {"body.bias", {3}}}},
      {"ResidualWithAShortcutWithoutWeights",
       nn::residual(nn::Linear{.out = 3, .bias = false}, nn::Relu{}),
       {2, 3},
       {2, 3},
       {{"body.weight", {3, 3}}}},
      {"ResidualWithAShortcut",
       nn::residual(nn::Linear{.out = 4, .bias = false}, nn::Linear{.out = 4, .bias = false}),
       {2, 3},
       {2, 4},
       {{"body.weight", {4, 3}}, {"shortcut.weight", {4, 3}}}}};
}

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (auto cases : {plain_cases, dense_cases, plane_cases, norm_cases, sequence_cases, composed_cases})
    for (Case& c : cases()) all.push_back(std::move(c));
  return all;
}

std::vector<Named> under(const std::string& prefix, std::vector<Named> names) {
  for (Named& n : names) n.name = prefix + "." + n.name;
  return sorted(std::move(names));
}

class Layers : public testing::TestWithParam<Case> {};

TEST_P(Layers, MakesItsShapeAndNamesItsParametersOnce) {
  const Case& c = GetParam();
  for (const bool training : {true, false}) {
    Network net(training);
    const Value x = net.graph.input("x", {c.x, DType::f32});
    const nn::Scope scope = net.scope.nested("l");
    const Value y = c.layer(scope, x);
    EXPECT_EQ(y.desc(), (TensorDesc{c.y, DType::f32})) << to_string(y.desc());
    EXPECT_EQ(net.parameters(), under("l", c.parameters));
    EXPECT_EQ(net.variables(), under("l", c.variables));
    // Once more in the other mode: an evaluation program shares what training made.
    Network::training_of(scope, !training, [&](const nn::Scope& other) { EXPECT_EQ(c.layer(other, x).shape(), c.y); });
    EXPECT_EQ(net.parameters(), under("l", c.parameters));
    EXPECT_EQ(net.variables(), under("l", c.variables));
    for (const float v : eval(Device::cpu(), y)) ASSERT_TRUE(std::isfinite(v));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Layers, testing::ValuesIn(all_cases()), [](const auto& i) { return i.param.name; });

TEST(LayersWithWeights, ComputeInTheScopesTypeWithFloatParameters) {
  for (const Case& c : all_cases()) {
    if (c.parameters.empty()) continue;  // the others take the type of x
    SCOPED_TRACE(c.name);
    Network net(true);
    net.scope.compute = DType::f16;
    EXPECT_EQ(c.layer(net.scope, net.graph.input("x", {c.x, DType::f32})).dtype(), DType::f16);
    for (Value p : net.graph.parameters()) EXPECT_EQ(p.dtype(), DType::f32) << p.name();
  }
}

struct Mistake {
  nn::Layer layer;
  Shape x;
  ErrorCode code;
  const char* message;
};

TEST(LayerMistakes, NameTheLayerAndBothNumbers) {
  const Mistake mistakes[] = {
      {nn::Linear{.out = 5},
       {3},
       ErrorCode::shape_mismatch,
       "linear: x is f32[3], it takes a batch axis and a feature axis (nn::Flatten joins the others)"},
      {nn::Linear{}, {2, 3}, ErrorCode::invalid_argument, "linear: out is 0, it must be positive"},
      {nn::FusedMlp{},
       {3},
       ErrorCode::shape_mismatch,
       "fused_mlp: x is f32[3], it takes a batch axis and a feature axis"},
      {nn::Prelu{},
       {3},
       ErrorCode::shape_mismatch,
       "prelu: x is f32[3], it takes a batch axis and a channel axis at least"},
      {nn::Dropout{1}, {2, 3}, ErrorCode::out_of_range, "dropout: rate 1 is outside of [0, 1)"},
      {nn::SpatialDropout{-1}, {2, 3}, ErrorCode::out_of_range, "spatial_dropout: rate -1 is outside of [0, 1)"},
      {nn::GaussianNoise{-1}, {2, 3}, ErrorCode::out_of_range, "gaussian_noise: deviation -1 is below 0"},
      {nn::Conv2d{.out = 4}, {6, 7, 9}, ErrorCode::shape_mismatch, "conv2d: x is f32[6, 7, 9], it takes 4 axes"},
      {nn::Conv2d{.out = 4, .groups = 3},
       {1, 6, 7, 9},
       ErrorCode::shape_mismatch,
       "conv2d: 6 and 4 channels do not divide into 3 groups"},
      {nn::Conv1d{.out = -1}, {1, 2, 8}, ErrorCode::invalid_argument, "conv1d: out is -1, it must be positive"},
      {nn::ConvTranspose2d{.out = 4},
       {2, 8},
       ErrorCode::shape_mismatch,
       "conv_transpose2d: x is f32[2, 8], it takes 4 axes"},
      {nn::Upsample{}, {3}, ErrorCode::shape_mismatch, "upsample: x is f32[3], it takes two axes at least"},
      {nn::BatchNorm{},
       {3},
       ErrorCode::shape_mismatch,
       "batch_norm: x is f32[3], it takes a batch axis and a channel axis at least"},
      {nn::LayerNorm{.axes = 3}, {2, 4}, ErrorCode::out_of_range, "layer_norm: 3 trailing axes of x f32[2, 4]"},
      {nn::RmsNorm{.axes = 0}, {2, 4}, ErrorCode::out_of_range, "rms_norm: 0 trailing axes of x f32[2, 4]"},
      {nn::Embedding{.vocabulary = 7},
       {2, 4},
       ErrorCode::invalid_argument,
       "embedding: 7 words of 0 features, both must be positive"},
      {nn::LearnedPositions{},
       {2, 4},
       ErrorCode::shape_mismatch,
       "learned_positions: x is f32[2, 4], it takes [B, T, C]"},
      {nn::MultiHeadAttention{.heads = 2},
       {2, 3, 5},
       ErrorCode::shape_mismatch,
       "multi_head_attention: 5 features do not divide into 2 heads"},
      {nn::Lstm{.units = 5}, {2, 3}, ErrorCode::shape_mismatch, "lstm: x is f32[2, 3], it takes [B, T, C]"},
      {nn::Gru{}, {2, 4, 3}, ErrorCode::invalid_argument, "gru: units is 0, it must be positive"},
      {nn::Rnn{.units = 5, .layers = 0}, {2, 4, 3}, ErrorCode::invalid_argument, "rnn: 0 layers, it takes 1 or more"}};
  for (const Mistake& m : mistakes) {
    Network net(true);
    const Value x = net.graph.input("x", {m.x, DType::f32});
    const Error error = error_of([&] { m.layer(net.scope, x); });
    EXPECT_STREQ(error.what(), m.message);
    EXPECT_EQ(error.code(), m.code) << m.message;
    EXPECT_EQ(net.parameters(), std::vector<Named>{}) << m.message;
  }
}

TEST(LayerMistakes, AnotherNumberOfInputsOrOutputs) {
  Network net(true);
  const Value x = net.graph.input("x", {{2, 3}, DType::f32});
  const nn::Layer one = nn::Relu{};
  EXPECT_STREQ(error_of([&] {
                 one(net.scope, std::vector<Value>{x, x});
               }).what(),
               "model: relu takes one input, there are 2");
  EXPECT_EQ(one(net.scope, std::vector<Value>{x}).size(), 1u);
  const nn::Model two("twins", [](const nn::Scope&, const std::vector<Value>& in) {
    return std::vector<Value>{relu(in[0]), tanh(in[0])};
  });
  EXPECT_EQ(two(net.scope, std::vector<Value>{x}).size(), 2u);
  EXPECT_STREQ(error_of([&] { two(net.scope, x); }).what(), "model: twins has 2 outputs, expected one");
}

}  // namespace
}  // namespace lemnos::nn_tests
