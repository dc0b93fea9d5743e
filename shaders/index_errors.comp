// A row of the report, {how many, where the first stood, what it was}, goes on with the indices of this step that are not
// below the limit. One workgroup: every invocation counts and keeps its first, then a tree adds up and takes the earliest.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "index_errors.h"
#include "common/index.glsl"

layout(binding = 0) buffer Report { uint report[]; };
layout(binding = 1) readonly buffer Indices { int indices[]; };

shared uint counts[workgroup_size];
shared uint places[workgroup_size];

void main() {
  uint count = 0, place = params.count;
  for (uint i = lane(); i < params.count; i += workgroup_size) {
    if (indices[i] < int(params.limit)) continue;
    if (count == 0) place = i;
    ++count;
  }
  counts[lane()] = count;
  places[lane()] = place;
  for (uint stride = workgroup_size / 2; stride > 0; stride >>= 1) {
    barrier();
    if (lane() < stride) {
      counts[lane()] += counts[lane() + stride];
      places[lane()] = min(places[lane()], places[lane() + stride]);
    }
  }
  if (lane() != 0 || counts[0] == 0) return;
  const uint at = 3 * params.row;
  if (report[at] == 0) {
    report[at + 1] = places[0];
    report[at + 2] = uint(indices[places[0]]);
  }
  report[at] += counts[0];
}
