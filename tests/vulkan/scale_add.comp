// y = factor * x + bias, one word per invocation.
#version 450
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint bias = 0;
layout(push_constant) uniform Push {
  uint count;
  uint factor;
} push;
layout(binding = 0) readonly buffer X { uint x[]; };
layout(binding = 1) writeonly buffer Y { uint y[]; };

void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i < push.count) y[i] = push.factor * x[i] + bias;
}
