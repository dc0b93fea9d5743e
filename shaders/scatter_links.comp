// For every row of y, the list of the positions in `indices` that name it, in ascending order: head[row], then
// next[position], until -1. One invocation per row looks through all indices from the last to the first, so lists come
// out in the same order every time. All invocations read the same word at a time.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "scatter_links.h"
#include "common/index.glsl"

layout(binding = 0) readonly buffer Indices { int indices[]; };
layout(binding = 1) writeonly buffer Head { int head[]; };
layout(binding = 2) writeonly buffer Next { int next[]; };

void main() {
  const uint row = invocation_index();
  if (row >= params.rows) return;
  int first = -1;
  for (int i = int(params.count) - 1; i >= 0; --i) {
    if (indices[i] == int(row)) {
      next[i] = first;
      first = i;
    }
  }
  head[row] = first;
}
