#include "check/case.h"

LEMNOS_OP_CASES(assign) {
  const auto add = [&](const Shape& shape, DType dtype = DType::f32, const char* note = "") {
    const Fill fill = integers(dtype == DType::u32 ? 0 : -9, 9);
    Case one{.op = "assign",
             .inputs = {{.shape = shape, .fill = fill, .dtype = dtype}, {.shape = shape, .fill = fill, .dtype = dtype}},
             .tolerance = exact(),
             .note = note,
             .backward = false};
    if (is_floating(dtype)) one.dtypes = kHalf;
    cases.add(one);
  };
  for (const Shape& shape : {Shape{1}, Shape{7}, Shape{29, 37}, Shape{255}, Shape{256}, Shape{257}, Shape{3, 5, 89}})
    add(shape);
  add({29, 37}, DType::i32);
  add({41}, DType::u32);
  add({300000}, DType::f32, "more than one workgroup");

  const auto place = [&](int64_t arena, std::vector<std::pair<Shape, int64_t>> gradients, const char* note) {
    std::vector<int64_t> offsets;
    Case one{.op = "place_gradients",
             .inputs = {{.shape = {arena}, .fill = normal()}},
             .tolerance = exact(),
             .note = note,
             .backward = false};
    for (const auto& [shape, offset] : gradients) {
      one.inputs.push_back({.shape = shape, .fill = normal()});
      offsets.push_back(offset);
    }
    one.attrs = {{"offsets", offsets}};
    cases.add(one);
  };
  place(64, {{{64}, 0}}, "one gradient fills the arena");
  place(256, {{{7, 5}, 0}, {{41}, 64}, {{1}, 192}}, "what is not placed stays as it was");
  place(4096, {{{29, 37}, 128}, {{1000}, 1280}}, "in any order of offsets");
}
