// y = x, in words of 32 bits whatever the elements are: a tensor's memory ends with a whole word. Every invocation copies
// four words that lie side by side.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "assign.h"
#include "common/index.glsl"

layout(binding = 0) readonly buffer X { uint x[]; };
layout(binding = 1) writeonly buffer Y { uint y[]; };

void main() {
  const uint first = 4 * invocation_index();
  for (uint i = first; i < min(first + 4, params.words); ++i) y[i] = x[i];
}
