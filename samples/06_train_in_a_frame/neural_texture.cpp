#include "neural_texture.h"

#include <cmath>
#include <numbers>

#include "encoding.h"

namespace lm = lemnos;

namespace {

constexpr int64_t kFeatures = 4 * ENCODING_PAIRS;
constexpr int64_t kBatch = 1024;

// The features of every texel's centre, [side * side, kFeatures].
std::vector<float> encoding(int64_t side) {
#define WAVES(index, x0, y0, x1, y1) {x0, y0}, {x1, y1},
  constexpr int kWaves[][2] = {ENCODING(WAVES)};
#undef WAVES
  std::vector<float> table;
  for (int64_t i = 0; i < side * side; ++i) {
    const double u = (static_cast<double>(i % side) + .5) / static_cast<double>(side);
    const double v = (static_cast<double>(i / side) + .5) / static_cast<double>(side);
    for (const auto& [x, y] : kWaves) {
      const double angle = 2 * std::numbers::pi * (u * x + v * y);
      table.push_back(static_cast<float>(std::sin(angle)));
      table.push_back(static_cast<float>(std::cos(angle)));
    }
  }
  return table;
}

}  // namespace

NeuralTexture::NeuralTexture(const lm::Device& device, const lm::VulkanBuffer& texels, int64_t side) {
  // A batch: texels in the order of a permutation that the device computes, with their positions and colours.
  const lm::Value pixels = graph_.input("texels", {{side * side, 4}, lm::DType::u8});
  const lm::Value places = graph_.constant({side * side, kFeatures}, encoding(side), "places");
  const lm::Value state = step_state(graph_, 1);
  const lm::Value rows = batch_indices(state, {.samples = side * side, .batch = kBatch});
  const lm::Value wanted = gather(pixels, rows, {.scale = 1 / 255.f});

  // Narrow layers: one launch forward and two backward, for any number of layers.
  const lm::nn::FusedMlp network{.width = NETWORK_WIDTH, .hidden = NETWORK_LAYERS, .out = 4};
  loss_ = mse_loss(network(lm::nn::Scope(graph_, state, true, 1), gather(places, rows)), wanted);

  place_gradients(loss_);
  const lm::optim::Adam adam{.lr = 1e-2f};
  const lm::optim::Schedule slower{lm::optim::InverseTime{.rate = 1, .period = 300}};
  updated_ = lm::optim::apply(graph_, adam, {.schedule = slower});
  const lm::Value next = advance_step(
      state, lm::optim::advance_options(adam, {.batches_per_epoch = side * side / kBatch, .batch = kBatch}));

  session_ = device.open(graph_);
  lm::import_buffer(*session_, pixels, texels);  // before compile: the texels are read where they lie
  program_ = session_->compile({.targets = {updated_, next, loss_}});
  runner_.emplace(*program_);
  runner_->publish();
}

uint32_t NeuralTexture::place() const {
  return static_cast<uint32_t>(runner_->offset_of(graph_.parameters()[0]) / (4 * sizeof(float)));
}
