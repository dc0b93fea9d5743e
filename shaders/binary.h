// Elementwise functions of two operands, numbered for both sides; formulas in src/reference/binary.cpp.
#define BINARY_ADD 0
#define BINARY_SUBTRACT 1
#define BINARY_MULTIPLY 2
#define BINARY_DIVIDE 3
#define BINARY_MINIMUM 4
#define BINARY_MAXIMUM 5
#define BINARY_EQUAL 6
#define BINARY_NOT_EQUAL 7
#define BINARY_LESS 8
#define BINARY_LESS_EQUAL 9
#define BINARY_GREATER 10
#define BINARY_GREATER_EQUAL 11
// From here on they are in the kernel's variant `elementary`.
#define BINARY_ARITHMETIC 12
#define BINARY_POW 12
#define BINARY_FMOD 13
#define BINARY_REMAINDER 14
#define BINARY_ATAN2 15

#include "common/shared.h"
#include "common/walk.h"

PARAMS_BEGIN(Binary)
  uint count;  // elements of the result
  uint shifts;  // five bits an axis
  uint extent[WALK_AXES];
  uint multiplier[WALK_AXES];
  uint stride_a[WALK_AXES];
  uint stride_b[WALK_AXES];
PARAMS_END

SPEC_BEGIN(Binary, 64)
SPEC(1, uint, function, 0)
SPEC(2, uint, format, 0)         // in which it computes
SPEC(3, uint, rank, 1)
SPEC(4, uint, wide, 0)     // extents and strides count groups of four elements along the last axis
SPEC(5, uint, inner_a, 1)  // whether a moves along the last axis, or is the same all along it
SPEC(6, uint, inner_b, 1)
SPEC(7, uint, run, 1)      // groups of four that an invocation makes; they stay together along the last axis
SPEC(8, uint, format_a, 0)  // as `format`, or a boolean, which is taken for 0 or 1
SPEC(9, uint, format_b, 0)
SPEC(10, uint, result_format, 0)  // as `format`, or a boolean
SPEC_END
