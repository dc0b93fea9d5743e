#include "check/case.h"

LEMNOS_OP_CASES(optimizer) {
  const int64_t sizes[] = {4, 8, 64, 128, 252, 256, 260, 1024, 7 * 64, 113 * 64, 89 * 41 * 4, 65536 * 3};
  struct Optimizer {
    const char* name;
    size_t slots;
    Attrs attrs;
  };
  const Optimizer optimizers[] = {
      {"sgd", 0, {{"lr", .1}}},
      {"sgd", 0, {{"lr", .1}, {"weight_decay", .01}, {"clip_value", .5}}},
      {"sgd_momentum", 1, {{"lr", .1}, {"momentum", .9}, {"dampening", .1}}},
      {"sgd_momentum", 1, {{"lr", .1}, {"momentum", .9}, {"nesterov", true}, {"weight_decay", .01}}},
      {"adagrad", 1, {{"lr_decay", 1e-9}, {"eps", 1e-10}}},
      {"adadelta", 2, {{"lr", 1.0}, {"beta2", .9}, {"eps", 1e-6}}},
      {"rmsprop", 1, {{"beta2", .99}}},
      {"rmsprop_momentum", 3, {{"beta2", .99}, {"momentum", .9}}},
      {"adam", 2, {{"lr", 1e-3}}},
      {"adam", 2, {{"lr", 1e-3}, {"weight_decay", .01}, {"decoupled", true}}},
      {"adam_amsgrad", 3, {{"lr", 1e-3}, {"weight_decay", .01}}},
      {"nadam", 2, {{"lr", 2e-3}, {"momentum_decay", 4e-3}}},
      {"adamax", 2, {{"lr", 2e-3}}},
      {"lion", 1, {{"lr", 1e-4}, {"beta2", .99}}},
      {"asgd", 1, {{"lr", .1}, {"lambda", .1}, {"power", .75}, {"weight_decay", .01}}},
      {"asgd", 1, {{"lambda", 1e-9}, {"power", 1.0}, {"start", 1e15}}},
      {"rprop", 2, {{"lr", .1}, {"least", .5}, {"most", 1.5}}},
      {"average", 0, {{"beta1", .99}}},
  };
  // As floats these bits lie between .005 and 1, so every factor of the state differs; as integers they are vast.
  const Input state = {
      .shape = {32}, .fill = integers(1000000000, 1065353216), .dtype = DType::u32, .differentiable = false};
  const Fill scaled = uniform(0, 2), frozen = integers(0, 2);
  const auto add = [&](const Optimizer& o, int64_t size, const Input& with, const Fill* groups, const char* note) {
    std::vector<Input> inputs = {{.shape = {size}}, {.shape = {size}}, with};
    for (size_t k = 0; k < o.slots; ++k) inputs.push_back({.shape = {size}, .fill = uniform(.01, 2)});
    if (groups) inputs.push_back({.shape = {(size + 63) / 64, 2}, .fill = *groups});
    cases.add({.op = o.name,
               .inputs = inputs,
               .attrs = o.attrs,
               .tolerance = optimizer_step(),
               .note = note,
               .backward = false});
  };
  for (const Optimizer& o : optimizers) {
    for (const int64_t size : sizes)
      if (size < 100000 || o.slots == 2) add(o, size, state, nullptr, "");
    add(o, 113 * 64, state, &scaled, "parameter groups");
    add(o, 132, state, &scaled, "parameter groups, the last block not whole");
    add(o, 29 * 64, state, &frozen, "parameter groups, some frozen");
    Input skipped = state;
    skipped.fill = constant(0);
    add(o, 1024, skipped, nullptr, "a clip factor of 0 leaves the update out");
  }
  // With the mean of the gradient taken off the variance, which is then positive: v from 3, the mean below 1.
  for (const int64_t size : {64, 1024, 29 * 64})
    cases.add({.op = "rmsprop_momentum",
               .inputs = {{.shape = {size}},
                          {.shape = {size}},
                          state,
                          {.shape = {size}, .fill = uniform(3, 5)},
                          {.shape = {size}},
                          {.shape = {size}, .fill = uniform(-1, 1)}},
               .attrs = {{"beta2", .99}, {"momentum", .9}, {"centered", true}},
               .tolerance = optimizer_step(),
               .note = "centered",
               .backward = false});
}
