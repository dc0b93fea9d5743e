// Losses and their gradients against PyTorch's, on the CPU reference and on every usable Vulkan device.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "lemnos/autograd.h"
#include "lemnos/ops.h"
#include "lemnos/session.h"

namespace {

using namespace lemnos;

struct Golden {
  const char* name;
  std::vector<double> prediction, target;
  double loss;
  std::vector<double> gradient;
};

#include "goldens.h"

constexpr int64_t kRows = 3, kColumns = 5;

using Build = std::function<Value(Graph&, Value prediction, Value target)>;

Value class_weights(Graph& graph) {
  const std::vector<float> weights = {0.5f, 1.0f, 2.0f, 0.25f, 1.5f};
  return graph.constant(Shape{5}, weights);
}
Value counting(Graph& graph, float scale, float shift) {
  std::vector<float> values(kRows * kColumns);
  std::iota(values.begin(), values.end(), 0.0f);
  for (float& v : values) v = v * scale + shift;
  return graph.constant(Shape{kRows, kColumns}, values);
}

const std::map<std::string, Build> kBuilds = {
    {"mse", [](Graph&, Value p, Value t) { return mse_loss(p, t); }},
    {"l1", [](Graph&, Value p, Value t) { return l1_loss(p, t); }},
    {"huber", [](Graph&, Value p, Value t) { return huber_loss(p, t, 1.5f); }},
    {"smooth_l1", [](Graph&, Value p, Value t) { return smooth_l1_loss(p, t, .5f); }},
    {"log_cosh", [](Graph&, Value p, Value t) { return log_cosh_loss(p, t); }},
    {"binary_cross_entropy", [](Graph&, Value p, Value t) { return binary_cross_entropy(p, t); }},
    {"bce_logits", [](Graph&, Value p, Value t) { return binary_cross_entropy_with_logits(p, t); }},
    {"bce_logits_weight", [](Graph&, Value p, Value t) { return binary_cross_entropy_with_logits(p, t, 3); }},
    {"kl", [](Graph&, Value p, Value t) { return kl_divergence(p, t); }},
    {"hinge", [](Graph&, Value p, Value t) { return hinge_loss(p, t); }},
    {"squared_hinge", [](Graph&, Value p, Value t) { return squared_hinge_loss(p, t); }},
    {"poisson", [](Graph&, Value p, Value t) { return poisson_loss(p, t); }},
    {"poisson_rate", [](Graph&, Value p, Value t) { return poisson_loss(p, t, false); }},
    {"cross_entropy", [](Graph&, Value p, Value t) { return softmax_cross_entropy(p, t); }},
    {"cross_entropy_sum",
     [](Graph&, Value p, Value t) { return softmax_cross_entropy(p, t, {.reduction = Reduction::sum}); }},
    {"cross_entropy_smooth",
     [](Graph&, Value p, Value t) { return softmax_cross_entropy(p, t, {.label_smoothing = .1f}); }},
    {"cross_entropy_weights",
     [](Graph& g, Value p, Value t) {
       return softmax_cross_entropy(p, t, {.label_smoothing = .1f, .class_weights = class_weights(g)});
     }},
    {"cross_entropy_soft",
     [](Graph&, Value p, Value t) { return softmax_cross_entropy(p, t, {.label_smoothing = .05f}); }},
    {"cross_entropy_soft_weights",
     [](Graph& g, Value p, Value t) { return softmax_cross_entropy(p, t, {.class_weights = class_weights(g)}); }},
    {"nll", [](Graph& g, Value p, Value t) { return nll_loss(p, t, {.class_weights = class_weights(g)}); }},
    {"cosine_embedding",
     [](Graph& g, Value p, Value t) { return cosine_embedding_loss(p, counting(g, 1, -7), t, .1f); }},
    {"triplet", [](Graph& g, Value p, Value t) { return triplet_margin_loss(p, t, counting(g, .125f, -1)); }},
};

std::vector<float> floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

Value target_of(Graph& graph, const Golden& golden) {
  if (golden.target.size() == kRows * kColumns) return graph.constant(Shape{kRows, kColumns}, floats(golden.target));
  if (std::string(golden.name) == "cosine_embedding") return graph.constant(Shape{kRows}, floats(golden.target));
  const std::vector<int32_t> labels(golden.target.begin(), golden.target.end());
  return graph.constant({Shape{kRows}, DType::i32}, std::as_bytes(std::span(labels)));
}

void expect_golden(const Golden& golden, const Device& device) {
  Graph graph;
  const Value p = graph.parameter("p", Shape{kRows, kColumns}, floats(golden.prediction));
  const Value loss = kBuilds.at(golden.name)(graph, p, target_of(graph, golden));
  const Value gradient = gradients(loss, std::span(&p, 1))[0];
  const auto session = device.open(graph);
  const auto program = session->compile({.targets = {loss, gradient}});
  ASSERT_EQ(program->run(), Status::ok);
  const std::string where = std::string(golden.name) + " on " + device.info().name;
  EXPECT_NEAR(program->read_floats(loss)[0], golden.loss, 2e-6 + 1e-5 * std::abs(golden.loss)) << where;
  const std::vector<float> found = program->read_floats(gradient);
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], golden.gradient[i], 2e-6 + 1e-5 * std::abs(golden.gradient[i])) << where << " element " << i;
}

TEST(LossGolden, ValuesAndGradients) {
  EXPECT_EQ(std::size(kGoldens), kBuilds.size());
  std::vector<Device> devices = {Device::cpu()};
  for (const DeviceInfo& info : Device::list())
    if (info.usable && info.type != DeviceType::cpu_reference) devices.push_back(Device::find(uuid_string(info.uuid)));
  for (const Golden& golden : kGoldens)
    for (const Device& device : devices) expect_golden(golden, device);
}

}  // namespace
