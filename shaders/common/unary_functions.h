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

#endif
