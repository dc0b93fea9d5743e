#include "check/case.h"
#include "lemnos/ops.h"
#include "shaders/common/step_state.h"

LEMNOS_OP_CASES(random) {
  const Shape shapes[] = {{}, {1}, {3}, {4}, {5}, {7, 11}, {29, 37}, {113, 41}, {2, 3, 5}, {256}, {257}, {64, 1023}};
  const Input state{.shape = {STATE_WORDS}, .fill = integers(0, 1000), .dtype = DType::u32, .differentiable = false};
  const char* one = "one element is all alike";
  for (const Shape& shape : shapes)
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
      const std::vector<int64_t> extents(shape.begin(), shape.end());
      // A half may round a number near a tie to either side.
      const double ulps = dtype == DType::f32 ? 0 : 1;
      cases.add({.op = "random_uniform",
                 .inputs = {state},
                 .attrs = {{"shape", extents}, {"dtype", to_string(dtype)}, {"a", -1.0}, {"b", 2.0}, {"seed", 7}},
                 .tolerance = {.ulps = ulps},
                 .backward = false,
                 .degenerate = shape.elements() == 1 ? one : ""});
      cases.add({.op = "random_normal",
                 .inputs = {state},
                 .attrs = {{"shape", extents}, {"dtype", to_string(dtype)}, {"a", 0.0}, {"b", 3.0}, {"stream", 9}},
                 .tolerance = {.absolute = 6e-6, .relative = 1e-5, .ulps = ulps},
                 .backward = false,
                 .degenerate = shape.elements() == 1 ? one : ""});
    }
}
