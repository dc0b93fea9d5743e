#include "check/case.h"

LEMNOS_OP_CASES(muon) {
  // As floats these bits lie between .005 and 1, so every factor of the state differs; as integers they are vast.
  const Input state = {
      .shape = {32}, .fill = integers(1000000000, 1065353216), .dtype = DType::u32, .differentiable = false};
  // Matrices of rows x columns at every `apart` blocks of 64 elements.
  struct Matrices {
    int64_t count, rows, columns, apart;
  };
  const Matrices all[] = {{1, 1, 1, 1},    {1, 7, 11, 2},  {3, 8, 8, 1},     {5, 3, 43, 3},
                          {2, 29, 37, 20}, {11, 64, 1, 2}, {4, 113, 41, 73}, {1, 256, 127, 508}};
  const auto add = [&](const Matrices& m, const Input& with, Attrs attrs, const char* note) {
    std::vector<int64_t> blocks;
    for (int64_t k = 0; k < m.count; ++k) blocks.push_back(k * m.apart);
    attrs.set("blocks", blocks);
    attrs.set("rows", m.rows);
    attrs.set("columns", m.columns);
    const Input arena{.shape = {64 * m.apart * m.count}};
    const Input places{.shape = {m.count},
                       .fill = ramp(0, static_cast<double>(m.apart)),
                       .dtype = DType::i32,
                       .differentiable = false};
    const Input factors{.shape = {m.count, 2}, .fill = uniform(.1, 2)}, x{.shape = {m.count, m.rows, m.columns}};
    const auto of = [&](const char* op, std::vector<Input> inputs, const char* degenerate) {
      cases.add({.op = op,
                 .inputs = std::move(inputs),
                 .attrs = attrs,
                 .tolerance = optimizer_step(),
                 .note = note,
                 .backward = false,
                 .degenerate = degenerate});
    };
    const bool left_out = with.fill.kind == Fill::Kind::constant;
    of("muon_direction", {arena, with, arena, places}, left_out ? "a step that is left out has no direction" : "");
    of("muon_update", {arena, arena, with, arena, places, factors, x}, "");
  };
  for (const Matrices& m : all) {
    add(m, state, {}, "");
    add(m, state, {{"nesterov", false}, {"weight_decay", .5}, {"scale", 3.0}}, "plain momentum, weight decay");
    add(m, state, {{"clip_value", .25}}, "clipped");
  }
  Input skipped = state;
  skipped.fill = constant(0);
  add({3, 8, 8, 1}, skipped, {}, "a clip factor of 0 leaves the update out");
}
