// The elementwise functions of two operands, in double.
#pragma once

#include <cstdint>
#include <span>

#include "lemnos/op.h"

namespace lemnos::reference {

struct BinaryFunction {
  const char* name;
  double (*value)(double a, double b);
  int64_t (*whole)(int64_t a, int64_t b);  // of integers; null: it takes none
};

/// By the numbers of shaders/binary.h.
std::span<const BinaryFunction> binary_functions();

void binary(const Reference& c);  // a, b -> y, the function by the op's name

/// Where `operand`, stretched to `out`, keeps the element that `out` has at position `linear`.
size_t position_in(const Shape& operand, const Shape& out, size_t linear);

}  // namespace lemnos::reference
