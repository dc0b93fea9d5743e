#include "check/case.h"

LEMNOS_OP_CASES(lamb) {
  // As floats these bits lie between .005 and 1, so every factor of the state differs; as integers they are vast.
  const Input state = {
      .shape = {32}, .fill = integers(1000000000, 1065353216), .dtype = DType::u32, .differentiable = false};
  // Parameters of equal size stand one after the other, so many blocks of 64 elements each.
  struct Arena {
    int64_t parameters, blocks;
  };
  const Arena arenas[] = {{1, 1}, {2, 1}, {1, 3}, {7, 3}, {113, 1}, {5, 29}, {3, 113}, {1, 1031}, {2, 4096}};
  const Fill scaled = uniform(0, 2), frozen = integers(0, 2);
  const auto add = [&](const Arena& arena, const Input& with, const Fill* groups, const Attrs& attrs,
                       const char* note) {
    const int64_t blocks = arena.parameters * arena.blocks, size = 64 * blocks;
    std::vector<Input> inputs = {{.shape = {size}},
                                 {.shape = {size}},
                                 with,
                                 {.shape = {size}, .fill = uniform(.01, 2)},
                                 {.shape = {size}, .fill = uniform(.01, 2)},
                                 {.shape = {arena.parameters + 1},
                                  .fill = ramp(0, static_cast<double>(arena.blocks)),
                                  .dtype = DType::i32,
                                  .differentiable = false}};
    if (groups) inputs.push_back({.shape = {blocks, 2}, .fill = *groups});
    cases.add({.op = "lamb",
               .inputs = inputs,
               .attrs = attrs,
               .tolerance = optimizer_step(),
               .note = note,
               .backward = false});
  };
  for (const Arena& arena : arenas) {
    add(arena, state, nullptr, {{"lr", .01}}, "");
    add(arena, state, nullptr, {{"lr", .01}, {"weight_decay", .1}, {"clip_value", .5}}, "weight decay, clipped");
  }
  add({7, 3}, state, &scaled, {{"lr", .01}, {"weight_decay", .1}}, "parameter groups");
  add({7, 3}, state, &frozen, {{"lr", .01}, {"weight_decay", .1}}, "parameter groups, some frozen");
  Input skipped = state;
  skipped.fill = constant(0);
  add({7, 3}, skipped, nullptr, {{"lr", .01}}, "a clip factor of 0 leaves the update out");
}
