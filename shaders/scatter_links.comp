// For every row of y, the list of the positions in a part of `indices` that name it, in ascending order: head[row], then
// next[position], until -1; positions count from the part's first. One invocation per row looks through all of the part from
// the last to the first, so lists come out in the same order every time. All invocations read the same word at a time.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "scatter_links.h"
#include "common/index.glsl"

layout(binding = 0) readonly buffer Indices { int indices[]; };
layout(binding = 0) readonly buffer Indices4 { ivec4 indices4[]; };
layout(binding = 1) writeonly buffer Head { int head[]; };
layout(binding = 2) writeonly buffer Next { int next[]; };

int first = -1;

void link(int i) {
  next[i] = first;
  first = i;
}

void main() {
  const uint row = invocation_index();
  if (row >= params.rows) return;
  const int r = int(row);
  const int quads = int(params.count / 4);
  for (int i = int(params.count) - 1; i >= 4 * quads; --i)
    if (indices[params.first + uint(i)] == r) link(i);
  for (int q = quads - 1; q >= 0; --q) {
    const bvec4 found = equal(indices4[params.first / 4 + uint(q)], ivec4(r));
    if (!any(found)) continue;
    if (found.w) link(4 * q + 3);
    if (found.z) link(4 * q + 2);
    if (found.y) link(4 * q + 1);
    if (found.x) link(4 * q);
  }
  head[row] = first;
}
