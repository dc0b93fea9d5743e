#include "models/zoo.h"

namespace lemnos::models {

Model convolutional(int64_t channels, int64_t hidden, int64_t classes) {
  return nn::sequential({nn::Conv2d{.out = channels, .padding = 1, .bias = false}, nn::BatchNorm{}, nn::Relu{},
                         nn::MaxPool2d{}, nn::Conv2d{.out = 2 * channels, .padding = 1, .bias = false}, nn::BatchNorm{},
                         nn::Relu{}, nn::MaxPool2d{}, nn::Flatten{}, nn::Dropout{.rate = .2f},
                         nn::Linear{.out = hidden}, nn::Relu{}, nn::Linear{.out = classes}});
}

Model residual(int64_t channels, int64_t classes) {
  const auto body = [](int64_t out, int64_t stride) {
    return nn::sequential({nn::Conv2d{.out = out, .stride = stride, .padding = 1, .bias = false}, nn::BatchNorm{},
                           nn::Relu{}, nn::Conv2d{.out = out, .padding = 1, .bias = false}, nn::BatchNorm{}});
  };
  const Model shortcut =
      nn::sequential({nn::Conv2d{.out = 2 * channels, .kernel = 1, .stride = 2, .bias = false}, nn::BatchNorm{}});
  return nn::sequential({nn::Conv2d{.out = channels, .padding = 1, .bias = false}, nn::BatchNorm{}, nn::Relu{},
                         nn::residual(body(channels, 1)), nn::Relu{}, nn::residual(body(2 * channels, 2), shortcut),
                         nn::Relu{}, nn::GlobalAvgPool2d{}, nn::Linear{.out = classes}});
}

Model transformer_block(int64_t heads) {
  return {"transformer_block", [heads](const nn::Scope& scope, Value x) {
            const nn::MultiHeadAttention attention{.heads = heads, .causal = true, .rotary = true};
            const int64_t width = x.shape()[2];
            x = x + attention(scope.nested("attention"), nn::LayerNorm{}(scope.nested("norm1"), x));
            const Value normed = nn::LayerNorm{}(scope.nested("norm2"), x);
            const Value wide = gelu(nn::Linear{.out = 4 * width}(scope.nested("up"), normed));
            return x + nn::Linear{.out = width}(scope.nested("down"), wide);
          }};
}

Model char_transformer(int64_t letters, int64_t width, int64_t heads, int64_t blocks) {
  std::vector<nn::Layer> layers = {nn::Embedding{.vocabulary = letters, .features = width}};
  for (int64_t i = 0; i < blocks; ++i) layers.push_back(transformer_block(heads));
  layers.push_back(nn::LayerNorm{});
  layers.push_back(nn::Linear{.out = letters});
  return nn::sequential(std::move(layers));
}

Model char_lstm(int64_t letters, int64_t width, int64_t units) {
  return nn::sequential(
      {nn::Embedding{.vocabulary = letters, .features = width}, nn::Lstm{.units = units}, nn::Linear{.out = letters}});
}
Model char_gru(int64_t letters, int64_t width, int64_t units) {
  return nn::sequential(
      {nn::Embedding{.vocabulary = letters, .features = width}, nn::Gru{.units = units}, nn::Linear{.out = letters}});
}

data::Dataset next_letters(const std::vector<int32_t>& rows, int64_t window, int64_t letters) {
  const int64_t count = static_cast<int64_t>(rows.size()) / (window + 1);
  std::vector<float> x;
  std::vector<int32_t> next;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto place = static_cast<int64_t>(i) % (window + 1);
    if (place != window) x.push_back(static_cast<float>(rows[i]));
    if (place != 0) next.push_back(rows[i]);
  }
  return {.x = data::Array::floats({count, window}, x),
          .y = data::Array::integers({count, window}, next),
          .classes = letters};
}

Model variational(int64_t hidden, int64_t code) {
  return {"variational", [hidden, code](const nn::Scope& scope, Value x) {
            const int64_t pixels = x.desc().elements() / x.shape()[0];
            const Model encoder =
                nn::sequential({nn::Flatten{}, nn::Linear{.out = hidden}, nn::Relu{}, nn::Linear{.out = 2 * code}});
            const Model decoder = nn::sequential({nn::Linear{.out = hidden}, nn::Relu{}, nn::Linear{.out = pixels}});
            const Value found = encoder(scope.nested("encoder"), x);
            const Value mean = slice_axis(found, 1, 0, code), log_variance = slice_axis(found, 1, code, 2 * code);
            const Value z = mean + exp(.5f * log_variance) * random_normal(scope.state(), mean.desc());
            const Value all[] = {decoder(scope.nested("decoder"), z), found};
            return concat(all, 1);
          }};
}

Value Evidence::operator()(Value prediction, Value pixels, Value mask) const {
  const std::vector<Value> parts = split(prediction, {pixels.shape()[1], code, code}, 1);
  const Value off = sum(binary_cross_entropy_with_logits(parts[0], pixels, 1, Reduction::none), {1});
  const Value spread = .5f * sum(square(parts[1]) + exp(parts[2]) - parts[2] - 1.f, {1});
  return loss::masked_mean(off + spread, mask);
}

Model adversarial(int64_t hidden) {
  return {
      "adversarial", [hidden](const nn::Scope& scope, Value real) {
        const auto network = [hidden](int64_t out) {
          return nn::sequential({nn::Linear{.out = hidden}, nn::LeakyRelu{.slope = .2f}, nn::Linear{.out = out}});
        };
        const Model critic = network(1);
        const nn::Scope judge = scope.nested("critic");
        const Value noise = random_normal(scope.state(), {{real.shape()[0], 4}, DType::f32});
        const Value made = network(2)(scope.nested("generator"), noise);
        const Value said[] = {critic(judge, real), critic(judge, stop_gradient(made)), critic(judge.detached(), made)};
        return concat(said, 1);
      }};
}

Value Adversaries::operator()(Value said, Value, Value mask) const {
  const std::vector<Value> parts = split(said, {1, 1, 1}, 1);
  return loss::masked_mean(softplus(-parts[0]) + softplus(parts[1]) + softplus(-parts[2]), mask);
}

}  // namespace lemnos::models
