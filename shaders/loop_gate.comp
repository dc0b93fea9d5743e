// How many workgroups the launches of a loop's iteration have: theirs, or none once the loop has come to its end. One
// workgroup, an invocation a word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "loop_gate.h"
#include "common/index.glsl"

layout(binding = 0) readonly buffer Ended { float ended; };
layout(binding = 1) writeonly buffer Counts { uint counts[]; };

void main() {
  const uint i = lane();
  if (i < params.count) counts[params.first + i] = ended != 0.0 ? 0 : params.groups[i];
}
