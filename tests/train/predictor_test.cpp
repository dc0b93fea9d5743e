// A Predictor in a program that counts what it allocates: between its making and its end, nothing.
#include "lemnos/predictor.h"

#include <algorithm>

#include "lemnos/ops.h"
#include "train/allocations.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Predicts : public TrainTest {};
LEMNOS_ON_EVERY_DEVICE(Predicts);

// Every kind of layer that allocates somewhere: a product with what is fused to it, normalisation, a softmax.
Model wide_model() {
  return nn::sequential({nn::Linear{.out = 16}, nn::BatchNorm{}, nn::Relu{}, nn::Linear{.out = 16}, nn::LayerNorm{},
                         nn::Gelu{}, nn::Linear{.out = kClasses}, nn::Softmax{}});
}

TEST_P(Predicts, WithoutAnAllocation) {
  const data::Dataset set = points(64);
  Trainer trainer{device(), wide_model(), {}};
  trainer.fit(set, {.epochs = 1, .batch_size = 16, .verbosity = Verbosity::silent});
  const std::vector<float> want = trainer.predict(set);
  Predictor predictor(trainer, 20);
  size_t wrong = 0;
  const size_t before = allocations_here();
  for (int turn = 0; turn < 50; ++turn) {
    const int64_t rows = 1 + turn * 7 % 20;
    const auto* from = reinterpret_cast<const float*>(set.x.bytes.data());
    std::copy_n(from, rows * kFeatures, predictor.input().begin());
    if (predictor.run(rows) != Status::ok) ++wrong;
    const std::span<const float> some = predictor.output();
    if (!std::equal(some.begin(), some.end(), want.begin())) ++wrong;
  }
  EXPECT_EQ(allocations_here() - before, 0u) << "calls of new in 50 turns of write, run and read";
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace lemnos::train_tests
