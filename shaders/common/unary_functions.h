// Elementwise functions of one operand, numbered for GLSL and C++; formulas in common/unary.glsl and
// src/reference/unary.cpp.
#ifndef COMMON_UNARY_FUNCTIONS
#define COMMON_UNARY_FUNCTIONS

#define UNARY_IDENTITY 0
#define UNARY_RELU 1
#define UNARY_LEAKY_RELU 2
#define UNARY_ELU 3
#define UNARY_SELU 4
#define UNARY_CELU 5
#define UNARY_GELU 6
#define UNARY_GELU_TANH 7
#define UNARY_SILU 8
#define UNARY_MISH 9
#define UNARY_SIGMOID 10
#define UNARY_HARD_SIGMOID 11
#define UNARY_TANH 12
#define UNARY_SOFTPLUS 13
#define UNARY_SOFTSIGN 14
#define UNARY_NEGATE 15
#define UNARY_ABS 16
#define UNARY_SQUARE 17
#define UNARY_SQRT 18
#define UNARY_RSQRT 19
#define UNARY_EXP 20
#define UNARY_LOG 21
#define UNARY_CLAMP 22
#define UNARY_RECIPROCAL 23
#define UNARY_AFFINE 24
#define UNARY_LOG1P 25
#define UNARY_HARD_SWISH 26

// From here on they stand in no epilogue of a product or a convolution: formulas in common/elementary.glsl.
#define UNARY_EPILOGUES 27
#define UNARY_SIN 27
#define UNARY_COS 28
#define UNARY_TAN 29
#define UNARY_ASIN 30
#define UNARY_ACOS 31
#define UNARY_ATAN 32
#define UNARY_SINH 33
#define UNARY_COSH 34
#define UNARY_ASINH 35
#define UNARY_ACOSH 36
#define UNARY_ATANH 37
#define UNARY_ERF 38
#define UNARY_ERFC 39
#define UNARY_EXP2 40
#define UNARY_EXPM1 41
#define UNARY_LOG2 42
#define UNARY_LOG10 43
#define UNARY_SIGN 44
#define UNARY_FLOOR 45
#define UNARY_CEIL 46
#define UNARY_ROUND 47
#define UNARY_TRUNC 48
#define UNARY_ERFINV 49

#endif
