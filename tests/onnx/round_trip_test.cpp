// What was saved predicts the same when it is loaded, goes on learning, and can be saved again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <span>

#include "io/file.h"
#include "lemnos/onnx.h"
#include "onnx/model.h"
#include "onnx/models.h"

namespace lemnos::onnx {
namespace {

namespace fs = std::filesystem;

fs::path file_for(const std::string& name) {
  return fs::path(::testing::TempDir()) / ("lemnos_onnx_" + name + ".onnx");
}

void expect_near(const std::vector<float>& got, const std::vector<float>& want, double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i)
    worst = std::max(worst, std::abs(double{got[i]} - want[i]) / std::max(1.0, std::abs(double{want[i]})));
  EXPECT_LE(worst, tolerance);
}

ModelMessage message_in(const fs::path& file) {
  return model_from(std::as_bytes(std::span<const uint8_t>(io::read_file(file))));
}

class EveryNetwork : public ::testing::TestWithParam<Network> {};

TEST_P(EveryNetwork, PredictsTheSameAfterwards) {
  const Network& network = GetParam();
  Trainer trainer = trained(network);
  const fs::path file = file_for(network.name);
  save(trainer, file);
  const data::Dataset rows = rows_for(network, 5, 2);
  const std::vector<float> want = trainer.predict(rows);
  Trainer loaded = trainer_for(load(file));
  expect_near(loaded.predict(rows), want, 1e-5);
  (void)loaded.evaluate(rows);
  // Saved again, as another program would, from what was loaded.
  save(loaded, file);
  Trainer again = trainer_for(load(file));
  expect_near(again.predict(rows), want, 1e-5);
}

TEST_P(EveryNetwork, GoesOnLearning) {
  const Network& network = GetParam();
  Trainer trainer = trained(network);
  const fs::path file = file_for(network.name + "_tuned");
  save(trainer, file);
  const data::Dataset rows = rows_for(network, 16, 3);
  Trainer loaded = trainer_for(load(file));
  const double before = loaded.evaluate(rows).loss;
  EXPECT_NEAR(before, trainer.evaluate(rows).loss, 1e-4 * before);
  loaded.fit(rows, {.epochs = 12, .batch_size = 8, .verbosity = Verbosity::silent});
  EXPECT_LT(loaded.evaluate(rows).loss, before);
}

TEST_P(EveryNetwork, HasAnOpenBatchAndNamedParameters) {
  const Network& network = GetParam();
  Trainer trainer = trained(network);
  const fs::path file = file_for(network.name + "_named");
  save(trainer, file);
  const ModelMessage model = message_in(file);
  EXPECT_EQ(model.versions.at(""), kOperatorSet);
  ASSERT_EQ(model.graph.inputs.size(), 1u);
  EXPECT_EQ(model.graph.inputs[0].name, "input");
  EXPECT_EQ(model.graph.inputs[0].dims.at(0).name, "batch");
  EXPECT_EQ(model.graph.outputs.at(0).dims.at(0).name, "batch");
  std::vector<std::string> names;
  for (const Tensor& tensor : model.graph.initializers) names.push_back(tensor.name);
  for (const Snapshot::Tensor& tensor : trainer.snapshot(Snapshot::Part::model).tensors) {
    if (tensor.name.find("bias_") != std::string::npos) continue;  // both of a layer are one tensor of ONNX
    EXPECT_NE(std::ranges::find(names, tensor.name), names.end()) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Onnx, EveryNetwork, ::testing::ValuesIn(networks()),
                         [](const auto& network) { return network.param.name; });

TEST(OnnxSave, WritesLayersOfItsOwn) {
  const auto ops_of = [](const std::string& name) {
    const std::vector<Network> all = networks();
    Trainer trainer = trained(*std::ranges::find(all, name, &Network::name));
    const fs::path file = file_for(name + "_ops");
    save(trainer, file);
    std::vector<std::string> ops;
    for (const NodeMessage& node : message_in(file).graph.nodes) ops.push_back(node.op);
    return ops;
  };
  EXPECT_EQ(std::ranges::count(ops_of("lstm"), "LSTM"), 2);
  EXPECT_EQ(std::ranges::count(ops_of("gru"), "GRU"), 1);
  EXPECT_EQ(std::ranges::count(ops_of("rnn"), "RNN"), 1);
  EXPECT_EQ(std::ranges::count(ops_of("cnn"), "BatchNormalization"), 3);
  EXPECT_EQ(std::ranges::count(ops_of("cnn"), "Dropout"), 0);
  EXPECT_EQ(std::ranges::count(ops_of("transformer"), "LayerNormalization"), 2);
}

TEST(OnnxSave, AFixedBatchAndNames) {
  const Network network = networks()[6];
  Trainer trainer = trained(network);
  const fs::path file = file_for("fixed");
  save(trainer, file, {.batch = 3, .inputs = {"samples"}, .outputs = {"scores"}});
  const ModelMessage model = message_in(file);
  EXPECT_EQ(model.graph.inputs[0].name, "samples");
  EXPECT_EQ(model.graph.inputs[0].dims[0].extent, 3);
  EXPECT_EQ(model.graph.outputs[0].name, "scores");
  // A trainer asks a model for one row too, which this file does not have.
  const data::Dataset rows = rows_for(network, 3, 2);
  Graph graph;
  const Value x = graph.constant({Shape{3, 4, 3}}, rows.x.bytes);
  const Value y = load(file)(nn::Scope(graph, step_state(graph), false, 1), x);
  expect_near(eval(Device::cpu(), y), trainer.predict(rows, 3), 1e-5);
}

TEST(OnnxSave, AModelWithoutATrainer) {
  const Network network = networks()[0];
  Trainer trainer = trained(network);
  const fs::path file = file_for("model");
  save(trainer.session(), network.model, {network.input}, file);
  const data::Dataset rows = rows_for(network, 4, 2);
  Trainer loaded = trainer_for(load(file));
  expect_near(loaded.predict(rows), trainer.predict(rows), 1e-5);
}

TEST(OnnxSave, SeveralInputsAndOutputs) {
  const Model model("two", nn::Layer::Many([](const nn::Scope& scope, const std::vector<Value>& x) {
                      const Value sum = nn::Linear{.out = 3}(scope.nested("left"), x.at(0)) +
                                        nn::Linear{.out = 3}(scope.nested("right"), x.at(1));
                      return std::vector<Value>{sum, relu(sum)};
                    }));
  Graph graph;
  (void)model(nn::Scope(graph, step_state(graph), false, 1),
              std::vector<Value>{graph.input("a", {{2, 4}}), graph.input("b", {{2, 2}})});
  const auto session = Device::cpu().open(graph);
  const fs::path file = file_for("two");
  save(*session, model, {{4}, {2}}, file);
  const ModelMessage message = message_in(file);
  EXPECT_EQ(message.graph.inputs.at(1).name, "input_1");
  EXPECT_EQ(message.graph.outputs.at(1).name, "output_1");
  Graph other;
  const std::vector<Value> made =
      load(file)(nn::Scope(other, step_state(other), false, 1),
                 std::vector<Value>{other.input("a", {{5, 4}}), other.input("b", {{5, 2}})});
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[1].shape(), (Shape{5, 3}));
}

}  // namespace
}  // namespace lemnos::onnx
