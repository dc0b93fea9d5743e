// Every extension that a variant asks for: GLSL wants them before any other token, so shared.h includes this first.
#extension GL_EXT_control_flow_attributes : enable
#if defined(T_f16) || defined(T_bf16)
#extension GL_EXT_shader_16bit_storage : require
#endif
#if defined(T_bf16)
#extension GL_EXT_shader_explicit_arithmetic_types_int16 : require
#endif
#if defined(REDUCE_subgroup)
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#endif
