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

Value triplet_margin_loss(Value anchor, Value positive, Value negative, float margin, Reduction reduction, bool swap) {
  require_rows_row_losses("triplet_margin_loss", anchor, positive);
  require_rows_row_losses("triplet_margin_loss", anchor, negative);
  Value apart = distance(anchor, negative);
  if (swap) apart = minimum(apart, distance(positive, negative));
  return reduced(relu(subtract(distance(anchor, positive), apart) + margin), reduction);
}

// Which classes are targets follows from comparisons of all of a row's targets with all classes.
Value multilabel_margin_loss(Value scores, Value targets, Reduction reduction) {
  const Shape& s = scores.shape();
  const size_t rank = s.rank();
  require(rank >= 1 && s.elements() > 0 && scores.dtype() == DType::f32 && targets.desc() == TensorDesc{s, DType::i32},
          ErrorCode::shape_mismatch, "multilabel_margin_loss: scores ", scores.desc(), " and targets ", targets.desc(),
          ", they are f32 and i32 [.., C] of one shape");
  Graph& graph = scores.graph();
  const int64_t classes = s[rank - 1], rows = s.elements() / classes;
  const Value x = reshape(scores, Shape{rows, classes}), t = reshape(targets, Shape{rows, classes});
  // A target counts where none is negative up to it: by sums of whole numbers, which are exact.
  const Value nothing = full(graph, {}, 0, DType::i32);
  const Value column = range(graph, 0, classes), row = reshape(column, Shape{classes, 1});
  const Value ended = matmul(cast(less(t, nothing), DType::f32), cast(less_equal(row, column), DType::f32));
  const Value counts = cast(equal(ended, 0), DType::f32);
  const Value one_hot =
      cast(equal(reshape(t, Shape{rows, classes, 1}), column), DType::f32) * reshape(counts, Shape{rows, classes, 1});
  const Value others = less_equal(reduce_max(one_hot, {1}, true), graph.scalar(0));  // [rows, 1, C]
  const Value own = sum(one_hot * reshape(x, Shape{rows, 1, classes}), {2}, true);   // [rows, C, 1]
  // An index past the last class has no score: 0 / 0 if the target counts.
  const Value found = sum(one_hot, {2}, true) + reshape(affine(counts, -1, 1), Shape{rows, classes, 1});
  const Value margins = relu(reshape(x, Shape{rows, 1, classes}) - own / found + 1.0f);
  const Value losses =
      sum(margins * others * reshape(counts, Shape{rows, classes, 1}), {1, 2}) / static_cast<float>(classes);
  return reduced(reduction == Reduction::none ? reshape(losses, s.without(rank - 1)) : losses, reduction);
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
