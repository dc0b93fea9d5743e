#include "reference/adafactor.h"

#include "check/case.h"

LEMNOS_OP_CASES(adafactor) {
  // As floats these bits lie between .005 and 1, so every factor of the state differs; as integers they are vast.
  const Input state = {
      .shape = {32}, .fill = integers(1000000000, 1065353216), .dtype = DType::u32, .differentiable = false};
  // A small count of updates, with which t^exponent is neither 0 nor 1; the words that are floats are then left out.
  Input left_out = state;
  left_out.fill = constant(0);
  const auto add = [&](const char* op, std::vector<Input> inputs, Attrs attrs, const char* note) {
    cases.add({.op = op,
               .inputs = std::move(inputs),
               .attrs = std::move(attrs),
               .tolerance = optimizer_step(),
               .note = note,
               .backward = false});
  };
  for (const Shape& shape : {Shape{}, {1}, {7}, {64}, {7, 11}, {29, 37, 3}, {257, 1}}) {
    const Input x{.shape = shape}, scale{.shape = {}, .fill = uniform(.1, 2)};
    add("adafactor_variance", {x, x, state}, {}, "");
    add("adafactor_variance", {x, x, state}, {{"exponent", -.02}}, "slow decay");
    add("adafactor_update", {x, x, scale, state}, {{"lr", .1}}, "");
    add("adafactor_update", {x, x, scale, state}, {{"lr", .5}, {"lr_scale", .5}, {"weight_decay", .25}}, "decays");
    add("adafactor_update", {x, x, scale, left_out}, {}, "a clip factor of 0 leaves the update out");
  }
}
