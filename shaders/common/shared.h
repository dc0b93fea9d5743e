// Declares push constants and specialisation constants once, for GLSL and for C++. 32-bit scalars only, so that both
// sides agree on the layout. A header may be included once per shader, so no two of these meet in one module.
//
//   PARAMS_BEGIN(Softmax)            C++: struct SoftmaxParams          GLSL: the push-constant block `params`
//     uint rows;
//   PARAMS_END
//   SPEC_BEGIN(Softmax, 256)         C++: struct SoftmaxSpec            GLSL: constants; id 0 is `workgroup_size`
//   SPEC(1, uint, function, 0)
//   SPEC_END
#ifdef __cplusplus
#include <cstdint>
namespace lemnos::shaders {
using uint = uint32_t;
}
#undef PARAMS_BEGIN
#undef PARAMS_END
#undef SPEC_BEGIN
#undef SPEC
#undef SPEC_END
// clang-format off
#define PARAMS_BEGIN(name) namespace lemnos::shaders { struct name##Params {
#define PARAMS_END }; }
#define SPEC_BEGIN(name, size) namespace lemnos::shaders { struct name##Spec { uint workgroup_size = size;
#define SPEC(id, type, name, value) type name = value;
#define SPEC_END }; }
#else
#include "common/extensions.glsl"
#define PARAMS_BEGIN(name) layout(push_constant) uniform ParamsBlock {
#define PARAMS_END } params;
#define SPEC_BEGIN(name, size) layout(local_size_x = size, local_size_x_id = 0) in;
#define SPEC(id, type, name, value) layout(constant_id = id) const type name = value;
#define SPEC_END
#define workgroup_size gl_WorkGroupSize.x
#endif
// clang-format on
