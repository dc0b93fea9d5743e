// The network 784-128-10 whose training PyTorch has recorded (mlp.safetensors): its weights and its data by the
// formula.
#pragma once

#include "golden/network.h"

namespace lemnos::golden {

std::vector<Parameter> mlp_parameters();  // names of nn::sequential({Linear, Relu, Linear})

inline constexpr int64_t kFeatures = 784, kClasses = 10, kBatch = 64, kBatches = 10, kSteps = 20;

/// Ten patterns of light and dark, one a class, under as much noise. Batch i is rows [64 i, 64 (i + 1)).
std::vector<float> mlp_features();  // [640, 784]
std::vector<int32_t> mlp_labels();  // [640]

/// From mlp.safetensors: "losses.sgd" (lr .1), "losses.momentum" (lr .05, .9) and "losses.adam" (lr 1e-3) over 20
/// steps; "norm/0.weight" and "gradient/0.weight" (every kStride-th element), .. of the first step. Throws `not_found`.
inline std::vector<float> mlp_values(const std::string& name) { return network_values("mlp", name); }
inline constexpr size_t kStride = 97;  // of "0.weight"; the other gradients are whole

}  // namespace lemnos::golden
