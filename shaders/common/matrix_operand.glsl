// What a matrix unit multiplies.
#ifdef T_bf16
#extension GL_EXT_bfloat16 : require
#define OPERAND bfloat16_t
#else
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define OPERAND float16_t
#endif
