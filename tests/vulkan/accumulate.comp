// y += x, one word per invocation: reads what the dispatch before it wrote.
#version 450
layout(local_size_x = 64) in;
layout(binding = 0) readonly buffer X { uint x[]; };
layout(binding = 1) buffer Y { uint y[]; };

void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i < x.length() && i < y.length()) y[i] += x[i];
}
