// The training curves of the network 784-128-10 and of a transformer over letters, from the same weights and batches:
// each backend against PyTorch, and so against each other.

#include <algorithm>
#include <cmath>

#include "golden/mlp.h"
#include "golden/transformer.h"
#include "models/zoo.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Curve : public TrainTest {};
LEMNOS_ON_EVERY_DEVICE(Curve);

struct Course {
  const char* losses;
  optim::Optimizer optimizer;
};
const Course kCourses[] = {{"losses.sgd", optim::Sgd{.lr = .1f}},
                           {"losses.momentum", optim::Sgd{.lr = .05f, .momentum = .9f}},
                           {"losses.adam", optim::Adam{}}};

void expect_losses(Trainer& trainer, const std::vector<float>& want, const char* what) {
  const auto steps = static_cast<int64_t>(want.size());
  trainer.step(steps);
  const std::vector<float> got = trainer.recent_losses(steps);
  ASSERT_EQ(got.size(), want.size());
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    worst = std::max(worst, std::abs(double{got[i]} - want[i]) / want[i]);
    EXPECT_NEAR(got[i], want[i], 1e-3 * want[i]) << what << " of step " << i + 1;
  }
  testing::Test::RecordProperty(what, testing::PrintToString(worst));
}

TEST_P(Curve, TwentyLossesAreThoseOfPyTorch) {
  for (const Course& course : kCourses) {
    Trainer trainer = golden_trainer(device(), course.optimizer);
    expect_losses(trainer, golden::mlp_values(course.losses), course.losses);
  }
}

TEST_P(Curve, TwentyLossesOfATransformerAreThoseOfPyTorch) {
  namespace net = golden::transformer;
  for (const Course& course : {Course{"losses.sgd", optim::Sgd{.lr = .1f}}, Course{"losses.adam", optim::Adam{}}}) {
    Trainer trainer{device(),
                    models::char_transformer(net::kLetters, net::kWidth, net::kHeads, 2),
                    {.optimizer = course.optimizer}};
    trainer.begin(models::next_letters(net::letters(), net::kWindow, net::kLetters), net::kBatch, false);
    for (const golden::Parameter& p : net::parameters())
      trainer.session().write(trainer.graph().find(p.name), p.values);
    expect_losses(trainer, golden::network_values("transformer", course.losses), course.losses);
  }
}

// All parameters lie in one arena, as do their gradients, at the same offsets.
std::vector<float> gradient_of(Trainer& trainer, const std::string& parameter) {
  const ValueInfo& info = trainer.graph().info(trainer.graph().find(parameter));
  std::vector<float> gradient(static_cast<size_t>(info.desc.elements()));
  trainer.session().read(trainer.graph().flat_gradients(), std::as_writable_bytes(std::span(gradient)),
                         static_cast<size_t>(info.offset) * sizeof(float));
  return gradient;
}

TEST_P(Curve, FirstGradientsAreThoseOfPyTorch) {
  Trainer trainer = golden_trainer(device(), optim::Sgd{});
  trainer.step(1);
  for (const golden::Parameter& p : golden::mlp_parameters()) {
    const std::vector<float> gradient = gradient_of(trainer, p.name), want = golden::mlp_values("gradient/" + p.name);
    const size_t stride = p.name == "0.weight" ? golden::kStride : 1;
    double error = 0, squares = 0, norm = 0;
    for (size_t i = 0; i < want.size(); ++i) {
      error += std::pow(double{gradient[i * stride]} - want[i], 2);
      squares += double{want[i]} * want[i];
    }
    for (float g : gradient) norm += double{g} * g;
    EXPECT_LE(std::sqrt(error), 1e-4 * std::sqrt(squares)) << p.name;
    const double wanted_norm = golden::mlp_values("norm/" + p.name)[0];
    EXPECT_NEAR(std::sqrt(norm), wanted_norm, 1e-4 * wanted_norm) << p.name;
  }
}

}  // namespace
}  // namespace lemnos::train_tests
