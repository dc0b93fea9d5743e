// The networks that several tests train or plan: small ones of every kind.
#pragma once

#include "lemnos/data.h"
#include "lemnos/loss.h"
#include "lemnos/nn.h"

namespace lemnos::models {

/// Planes [B, 1, H, W] to logits: two convolutions with batch normalisation and pooling, dropout, two linear layers.
Model convolutional(int64_t channels, int64_t hidden, int64_t classes);
/// Planes [B, 1, H, W] to logits: a convolution, a residual block, one that halves the planes, the mean of each plane.
Model residual(int64_t channels, int64_t classes);
/// x + attention(norm(x)), x + mlp(norm(x)): names "attention", "norm1", "norm2", "up", "down".
Model transformer_block(int64_t heads);
/// Letters [B, T] to logits of the next ones: the network of tests/golden/transformer.h.
Model char_transformer(int64_t letters, int64_t width, int64_t heads, int64_t blocks);
/// Letters [B, T] to logits of the next ones, by an LSTM or a GRU.
Model char_lstm(int64_t letters, int64_t width, int64_t units);
Model char_gru(int64_t letters, int64_t width, int64_t units);

/// Rows of window + 1 letters as windows, and for each letter the one that follows it.
data::Dataset next_letters(const std::vector<int32_t>& rows, int64_t window, int64_t letters);

/// Planes [B, 1, H, W] to the logits of their pixels by way of `code` random numbers, and these numbers' mean and
/// logarithm of the variance, beside each other: [B, H W + 2 code].
Model variational(int64_t hidden, int64_t code);
struct Evidence {
  static constexpr const char* kKind = "evidence";
  static constexpr bool kClasses = false;
  int64_t code = 0;
  Value operator()(Value prediction, Value pixels, Value mask) const;
};

/// Points [B, 2] to what a critic says of them, of points that a generator makes, and of these as the generator wants
/// to be judged: [B, 3].
Model adversarial(int64_t hidden);
struct Adversaries {
  static constexpr const char* kKind = "adversaries";
  static constexpr bool kClasses = false;
  Value operator()(Value said, Value, Value mask) const;
};

}  // namespace lemnos::models
