// The transformer over letters whose training PyTorch has recorded (transformer.safetensors): its weights and its
// letters by the formula. Two blocks of 64 features and 4 heads with rotary positions (tests/models/zoo.h).
#pragma once

#include "golden/network.h"

namespace lemnos::golden::transformer {

inline constexpr int64_t kLetters = 28, kWindow = 16, kWidth = 64, kHeads = 4, kBatch = 4, kBatches = 5, kSteps = 20;

std::vector<Parameter> parameters();
/// Rows that count up from a start in a stride, [20, 17]: a window, and for each letter the next one. Batch i is rows
/// [4 i, 4 (i + 1)).
std::vector<int32_t> letters();

}  // namespace lemnos::golden::transformer
