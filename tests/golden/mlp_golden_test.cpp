// The first step of the network 784-128-10 against PyTorch: the loss and every gradient, in double. Whole training
// curves are compared in tests/train.

#include <gtest/gtest.h>

#include <cmath>

#include "golden/golden_file.h"
#include "golden/mlp.h"
#include "lemnos/autograd.h"
#include "lemnos/ops.h"
#include "runtime/oracle.h"

namespace lemnos::golden {
namespace {

class FirstStep : public testing::Test {
 protected:
  void SetUp() override {
    Graph graph;
    const Value x = graph.input("x", {Shape{kBatch, kFeatures}, DType::f32});
    const Value labels = graph.input("labels", {Shape{kBatch}, DType::i32});
    std::vector<Value> p;
    for (const Parameter& parameter : mlp_parameters())
      p.push_back(graph.parameter(parameter.name, parameter.shape, parameter.values));
    const Value logits = linear(relu(linear(x, p[0], p[1])), p[2], p[3]);
    const Value loss = softmax_cross_entropy(logits, labels);
    std::vector<int> targets = {loss.id()};
    for (Value g : gradients(loss, p)) targets.push_back(g.id());
    const std::vector<float> features = mlp_features();
    const std::vector<int32_t> all = mlp_labels();
    computed_ = evaluate(graph, targets,
                         {{x.id(), {features.begin(), features.begin() + kBatch * kFeatures}},
                          {labels.id(), {all.begin(), all.begin() + kBatch}}},
                         false);
  }
  std::vector<std::vector<double>> computed_;  // the loss, then a gradient a parameter
};

// The file holds f32: half a unit in the last place is 6e-8 of a value.
constexpr double kFileError = 1e-7;

TEST_F(FirstStep, LossAndGradients) {
  const double loss = mlp_values("losses.sgd")[0];
  EXPECT_NEAR(computed_[0][0], loss, kFileError * loss);
  const std::vector<Parameter> parameters = mlp_parameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].name;
    const std::vector<double>& gradient = computed_[i + 1];
    const size_t stride = name == "0.weight" ? kStride : 1;
    double squares = 0;
    for (double g : gradient) squares += g * g;
    const double norm = mlp_values("norm/" + name)[0];
    EXPECT_NEAR(std::sqrt(squares), norm, kFileError * norm) << name;
    const std::vector<float> sample = mlp_values("gradient/" + name);
    ASSERT_EQ(sample.size(), (gradient.size() + stride - 1) / stride) << name;
    for (size_t k = 0; k < sample.size(); ++k)
      ASSERT_NEAR(gradient[k * stride], sample[k], kFileError * std::abs(sample[k]) + 1e-14) << name << '[' << k << ']';
  }
}

TEST(NetworkGolden, ScriptAndValuesBelongTogether) {
  for (const char* network : {"mlp", "transformer"}) EXPECT_EQ(network_script(network), scripts_hash()) << network;
}

}  // namespace
}  // namespace lemnos::golden
