#include "neural_texture.h"

#include <cmath>
#include <numbers>

#include "encoding.h"

namespace lm = lemnos;

namespace {

constexpr int64_t kFeatures = 4 * ENCODING_PAIRS, kWidth = NETWORK_WIDTH;
constexpr int64_t kBatch = 1024;

// The features of every texel's middle, [side * side, kFeatures].
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
  // A batch: texels in the order of a permutation that the device computes, with their places and colours.
  const lm::Value pixels = graph_.input("texels", {{side * side, 4}, lm::DType::u8});
  const lm::Value places = graph_.constant({side * side, kFeatures}, encoding(side), "places");
  const lm::Value state = step_state(graph_, 1);
  const lm::Value rows = batch_indices(state, {.samples = side * side, .batch = kBatch});
  const lm::Value wanted = slice_axis(gather(pixels, rows, {.scale = 1 / 255.f}), 1, 0, 3);

  const lm::nn::Scope network(graph_, state, true, 1);
  lm::Value x = relu(lm::nn::Linear{.out = kWidth}(network.nested("first"), gather(places, rows)));
  x = relu(lm::nn::Linear{.out = kWidth}(network.nested("second"), x));
  loss_ = mse_loss(lm::nn::Linear{.out = 3}(network.nested("last"), x), wanted);

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

std::array<uint32_t, 6> NeuralTexture::matrices() const {
  const std::vector<lm::Value> parameters = graph_.parameters();  // weight and bias of each layer, in order
  std::array<uint32_t, 6> places{};
  for (size_t i = 0; i < places.size(); ++i)
    places[i] = static_cast<uint32_t>(runner_->offset_of(parameters[i]) / (4 * sizeof(float)));
  return places;
}
