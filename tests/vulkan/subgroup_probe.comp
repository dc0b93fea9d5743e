// Writes the size of the subgroup that runs it.
#version 450
#extension GL_KHR_shader_subgroup_basic : require
layout(local_size_x = 64) in;
layout(binding = 0) writeonly buffer Y { uint y[]; };

void main() {
  if (gl_LocalInvocationIndex == 0) y[0] = gl_SubgroupSize;
}
