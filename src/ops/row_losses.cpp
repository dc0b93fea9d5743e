// Losses of rows, each row [.., D] giving one number, and scores of a regression: built from other ops.
#include "lemnos/ops.h"
#include "ops/reduction.h"

namespace lemnos {

using ops::reduced;

namespace {

void require_rows_row_losses(const char* who, Value a, Value b) {
  require(a.desc() == b.desc() && a.shape().rank() >= 1, ErrorCode::shape_mismatch, who, ": rows ", a.desc(), " and ",
          b.desc(), " do not fit");
}

Value of_rows(Value x) { return sum(x, {-1}); }
Value distance(Value a, Value b) { return sqrt(of_rows(square(subtract(a, b) + 1e-6f))); }

}  // namespace

Value cosine_similarity(Value a, Value b, float eps) {
  require_rows_row_losses("cosine_similarity", a, b);
  const Value lengths = multiply(of_rows(square(a)), of_rows(square(b)));
  return multiply(of_rows(multiply(a, b)), rsqrt(maximum(lengths, a.graph().scalar(eps * eps))));
}

Value cosine_embedding_loss(Value a, Value b, Value target, float margin, Reduction reduction) {
  const Value similarity = cosine_similarity(a, b);
  require(target.desc() == similarity.desc(), ErrorCode::shape_mismatch, "cosine_embedding_loss: the targets are ",
          target.desc(), " for rows ", a.desc(), "; they are ", similarity.desc());
  const Value alike = affine(target, .5f, .5f);  // 1 for target 1, 0 for target -1
  return reduced(
      add(multiply(alike, affine(similarity, -1, 1)), multiply(affine(alike, -1, 1), relu(similarity - margin))),
      reduction);
}

Value triplet_margin_loss(Value anchor, Value positive, Value negative, float margin, Reduction reduction) {
  require_rows_row_losses("triplet_margin_loss", anchor, positive);
  require_rows_row_losses("triplet_margin_loss", anchor, negative);
  return reduced(relu(subtract(distance(anchor, positive), distance(anchor, negative)) + margin), reduction);
}

Value categorical_hinge(Value p, Value t, Reduction reduction) {
  require_rows_row_losses("categorical_hinge", p, t);
  const Value others = reduce_max(multiply(affine(t, -1, 1), p), {-1});
  return reduced(relu(subtract(others, of_rows(multiply(t, p))) + 1.0f), reduction);
}

Value root_mean_square_error(Value p, Value t) { return sqrt(mse_loss(p, t)); }

Value r2_score(Value p, Value t) {
  const Value spread = sum(square(t - mean(t)));
  return affine(mse_loss(p, t, Reduction::sum) / spread, -1, 1);
}

}  // namespace lemnos
