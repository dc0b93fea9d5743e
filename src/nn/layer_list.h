// Every layer that is a struct, for building layers by name; a test compares the list with the headers.
#pragma once

#include "graph/makers.h"
#include "lemnos/augment.h"

namespace lemnos::nn {

using LayerList =
    TypeList<Linear, FusedMlp, Relu, Sigmoid, Tanh, Gelu, Silu, LeakyRelu, Prelu, Elu, Softplus, SwiGlu, Glu, Softmax,
             Reshape, Flatten, Dropout, SpatialDropout, GaussianNoise, Conv2d, Conv1d, ConvTranspose2d, MaxPool2d,
             AvgPool2d, AdaptiveAvgPool2d, GlobalAvgPool2d, Upsample, BatchNorm, LayerNorm, RmsNorm, GroupNorm,
             Embedding, LearnedPositions, SinusoidalPositions, MultiHeadAttention, Lstm, Gru, Rnn, RandomFlip,
             RandomCrop, RandomAffine, RandomBrightness, RandomContrast, Cutout>;

}  // namespace lemnos::nn
