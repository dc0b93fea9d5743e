// What an op may make of NaN, of infinities and of numbers near the largest, where that is not what the reference makes
// of them: with the reason, in one place.

#include "special_values.h"

#include <algorithm>
#include <string_view>

namespace lemnos::check {

namespace {

struct Exception {
  std::string_view op;
  const char* nan_lost = "";
  const char* nan_spreads = "";
  const char* no_huge = "";
};

constexpr const char* kCompared = "a comparison with NaN is false, and the result is 0 or 1";
constexpr const char* kCounted = "a count of what compares";
constexpr const char* kZeros = "zeros of the padding are multiplied with the weights";
constexpr const char* kSquares = "squares of such numbers are past the type";
constexpr const char* kMoments = "a mean of infinities, less itself";

constexpr Exception kExceptions[] = {
    {.op = "equal", .nan_lost = kCompared},
    {.op = "not_equal", .nan_lost = kCompared},
    {.op = "less", .nan_lost = kCompared},
    {.op = "less_equal", .nan_lost = kCompared},
    {.op = "greater", .nan_lost = kCompared},
    {.op = "greater_equal", .nan_lost = kCompared},
    {.op = "accuracy_count", .nan_lost = kCounted},
    {.op = "score_count", .nan_lost = kCounted},
    {.op = "where", .nan_lost = "a condition of NaN is one that is not 0"},
    {.op = "max_pool2d_pick", .nan_lost = "the first input says which element of the second is taken"},
    {.op = "assign", .nan_lost = "what the variable held is written over"},
    {.op = "place_gradients", .nan_lost = "what the arena held is written over"},
    {.op = "gradient_norm", .nan_lost = "the step is left out, and counted"},
    {.op = "schedule", .nan_lost = "the factor that the step before left is not read"},
    {.op = "softmax_cross_entropy", .nan_lost = "a label below 0 leaves its row out"},
    {.op = "conv1d", .nan_spreads = kZeros},
    {.op = "conv2d", .nan_spreads = kZeros},
    {.op = "conv2d_input", .nan_spreads = kZeros},
    {.op = "conv2d_weight", .nan_spreads = kZeros},
    {.op = "conv_transpose2d", .nan_spreads = kZeros},
    {.op = "conv3d", .nan_spreads = kZeros},
    {.op = "conv_transpose3d", .nan_spreads = kZeros},
    {.op = "upsample", .nan_spreads = "a neighbour of weight 0 is multiplied"},
    {.op = "batch_norm", .nan_spreads = kMoments, .no_huge = kSquares},
    {.op = "group_norm", .nan_spreads = kMoments, .no_huge = kSquares},
    {.op = "attention",
     .nan_spreads = "hidden and infinite scores are multiplied with the values",
     .no_huge = kSquares},
    {.op = "norm", .no_huge = kSquares},
    {.op = "l2_normalize", .no_huge = kSquares},
    {.op = "max_norm", .no_huge = kSquares},
    {.op = "cosine_similarity", .no_huge = kSquares},
    {.op = "cosine_embedding_loss", .no_huge = kSquares},
    {.op = "triplet_margin_loss", .no_huge = kSquares},
    {.op = "root_mean_square_error", .no_huge = kSquares},
    {.op = "r2_score", .no_huge = kSquares},
    {.op = "adadelta", .no_huge = kSquares},
    {.op = "rmsprop_momentum", .no_huge = kSquares},
    {.op = "lamb", .no_huge = kSquares},
};

}  // namespace

void except_special_values(Case& c) {
  const auto* known = std::ranges::find(kExceptions, std::string_view(c.op), &Exception::op);
  if (known == std::end(kExceptions)) return;
  c.nan_lost = known->nan_lost;
  c.nan_spreads = known->nan_spreads;
  c.no_huge = known->no_huge;
}

}  // namespace lemnos::check
