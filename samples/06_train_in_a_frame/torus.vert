#version 450
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
// A turning torus without vertex buffers: two triangles for each cell of a grid over its two angles.

layout(location = 0) out vec2 uv;
layout(location = 1) out vec3 normal;
layout(location = 2) out vec3 eye;

const uint kAround = 96, kAcross = 48;  // kTorusVertices in renderer.h
const vec2 kCorners[6] = vec2[](vec2(0, 0), vec2(1, 0), vec2(1, 1), vec2(0, 0), vec2(1, 1), vec2(0, 1));

mat3 turn_x(float a) { return mat3(1, 0, 0, 0, cos(a), sin(a), 0, -sin(a), cos(a)); }
mat3 turn_z(float a) { return mat3(cos(a), sin(a), 0, -sin(a), cos(a), 0, 0, 0, 1); }

void main() {
  const uint cell = uint(gl_VertexIndex) / 6;
  const vec2 at = (vec2(cell % kAround, cell / kAround) + kCorners[gl_VertexIndex % 6]) / vec2(kAround, kAcross);
  const vec2 turn = at * 6.2831853;
  const vec3 out_of_tube = vec3(cos(turn.x) * cos(turn.y), sin(turn.x) * cos(turn.y), sin(turn.y));
  const vec3 point = vec3(cos(turn.x), sin(turn.x), 0) + .5 * out_of_tube;
  const mat3 turned = turn_x(.9 + .25 * sin(angle)) * turn_z(angle);
  const vec3 place = turned * point + vec3(0, .22, 4);
  uv = at * vec2(4, 2);  // the tube is half as long as the ring
  normal = turned * out_of_tube;
  eye = -normalize(place);
  gl_Position = vec4(place.xy * 2.3, (place.z - 2) * .5, place.z);
}
