// y = bend (sqrt(x^2 + 1) - 1) + x, or dx = dy (bend x / sqrt(x^2 + 1) + 1). One invocation an element.
#version 450
layout(local_size_x = 64, local_size_x_id = 0) in;
layout(constant_id = 1) const uint backward = 0;
layout(push_constant) uniform Params { uint count; float bend; } params;

layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) readonly buffer DY { float dy[]; };
layout(binding = 2) writeonly buffer Y { float y[]; };

void main() {
  // Workgroups are counted over all three dimensions: no device has room for all of them along one.
  const uint group =
      gl_WorkGroupID.x + gl_NumWorkGroups.x * (gl_WorkGroupID.y + gl_NumWorkGroups.y * gl_WorkGroupID.z);
  const uint i = group * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
  if (i >= params.count) return;
  const float root = sqrt(x[i] * x[i] + 1.0);
  y[i] = backward != 0 ? dy[i] * (params.bend * x[i] / root + 1.0) : params.bend * (root - 1.0) + x[i];
}
