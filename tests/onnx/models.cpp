#include "onnx/models.h"

#include <random>

namespace lemnos::onnx {

namespace {

Model transformer_block(int64_t width, bool rotary) {
  const Model attention =
      nn::sequential({nn::LayerNorm{}, nn::Layer(nn::MultiHeadAttention{.heads = 2, .causal = true, .rotary = rotary}),
                      nn::Dropout{.rate = .1f}});
  const Model mlp =
      nn::sequential({nn::LayerNorm{}, nn::Linear{.out = 2 * width}, nn::Gelu{}, nn::Linear{.out = width}});
  return nn::sequential({nn::residual(attention), nn::residual(mlp)});
}

Model transformer(bool rotary) {
  std::vector<nn::Layer> layers{nn::Embedding{.vocabulary = 11, .features = 8}};
  if (!rotary) layers.emplace_back(nn::SinusoidalPositions{});
  layers.push_back(transformer_block(8, rotary));
  layers.emplace_back(nn::RmsNorm{});
  layers.emplace_back(nn::Linear{.out = 5});
  return nn::sequential(std::move(layers));
}

Model activations() {
  const auto chain = [](Value x) {
    const Value parts[] = {silu(x),
                           mish(x),
                           elu(x, .7f),
                           celu(x, 1.3f),
                           selu(x),
                           leaky_relu(x, .2f),
                           gelu(x, GeluForm::tanh),
                           softplus(x, 2),
                           softsign(x),
                           hard_sigmoid(x),
                           hard_swish(x),
                           sin(x),
                           log1p(square(x)),
                           clamp(x, -.5f, .5f),
                           expm1(x),
                           rsqrt(square(x) + 1.0f),
                           erfc(x),
                           trunc(3.0f * x),
                           cast(less(x, .1f), DType::f32),
                           round(x),
                           where(greater(x, 0), x, exp2(x)) * greater(x, -1),
                           remainder(x, full(x.graph(), {}, .3f))};
    return concat(parts, 1);
  };
  return nn::sequential(
      {nn::Linear{.out = 6}, nn::Prelu{}, nn::function("chain", chain), nn::Linear{.out = 4}, nn::Softmax{}});
}

// Planes down and up again.
Model autoencoder() {
  return nn::sequential({nn::Conv2d{.out = 4, .kernel = 3, .stride = 2, .padding = 1}, nn::GroupNorm{.groups = 2},
                         nn::Silu{}, nn::AvgPool2d{}, nn::ConvTranspose2d{.out = 3, .kernel = 2, .stride = 2},
                         nn::Relu{}, nn::Upsample{.factor = 2, .mode = UpsampleMode::bilinear},
                         nn::Conv2d{.out = 1, .padding = 1}});
}

Model convolutions() {
  const Model body = nn::sequential({nn::Conv2d{.out = 4, .padding = 1, .bias = false}, nn::BatchNorm{}, nn::Relu{},
                                     nn::Conv2d{.out = 4, .padding = 1, .groups = 2}, nn::BatchNorm{}});
  return nn::sequential({nn::Conv2d{.out = 4, .padding = 1}, nn::BatchNorm{}, nn::Relu{}, nn::MaxPool2d{},
                         nn::residual(body), nn::Relu{}, nn::AdaptiveAvgPool2d{.size = 2}, nn::Flatten{}, nn::Dropout{},
                         nn::Linear{.out = 3}});
}

}  // namespace

std::vector<Network> networks() {
  const auto after = [](nn::Layer layer, int64_t out) {
    return nn::sequential({std::move(layer), nn::Linear{.out = out}});
  };
  return {
      {"mlp",
       nn::sequential(
           {nn::Linear{.out = 8}, nn::Relu{}, nn::Dropout{}, nn::Linear{.out = 7}, nn::Tanh{}, nn::Linear{.out = 3}}),
       {5},
       {3}},
      {"cnn", convolutions(), {2, 8, 8}, {3}},
      {"autoencoder", autoencoder(), {1, 8, 8}, {1, 8, 8}},
      {"activations", activations(), {5}, {4}},
      {"transformer", transformer(false), {6}, {6, 5}, 11},
      {"rotary", transformer(true), {6}, {6, 5}, 11},
      {"lstm", after(nn::Lstm{.units = 5, .layers = 2, .sequences = false}, 3), {4, 3}, {3}},
      {"gru", after(nn::Gru{.units = 5}, 3), {4, 3}, {4, 3}},
      {"rnn", after(nn::Rnn{.units = 5, .rectified = true, .bias = false}, 3), {4, 3}, {4, 3}},
  };
}

data::Dataset rows_for(const Network& network, int64_t rows, uint32_t seed) {
  std::mt19937 random(seed);
  const auto numbers = [&](const Shape& shape, bool indices) {
    std::vector<float> made;
    for (int64_t i = 0; i < rows * shape.elements(); ++i)
      made.push_back(indices ? static_cast<float>(random() % static_cast<uint32_t>(network.vocabulary))
                             : static_cast<float>(random() % 2001) / 1000 - 1);
    std::vector<int64_t> dims{rows};
    dims.insert(dims.end(), shape.begin(), shape.end());
    return data::Array::floats(Shape(dims), made);
  };
  data::Dataset made{.x = numbers(network.input, network.vocabulary > 0)};
  made.y = numbers(network.output, false);
  return made;
}

Trainer trainer_for(const Model& model) {
  return Trainer(Device::cpu(), model, {.loss = loss::Mse{}, .optimizer = optim::Adam{.lr = .01f}});
}

Trainer trained(const Network& network) {
  Trainer trainer = trainer_for(network.model);
  trainer.fit(rows_for(network, 16), {.epochs = 2, .batch_size = 8, .verbosity = Verbosity::silent});
  return trainer;
}

}  // namespace lemnos::onnx
