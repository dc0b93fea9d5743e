// What the shaders of the scene share: the numbers of a draw, and the light.

// Push constants, as struct Draw of renderer.h has them.
layout(push_constant, std430) uniform Draw {
  float angle;  // of the torus, radians
  uint place;   // where the network begins in its buffer, in vec4
};

// One lamp, a little sky, a highlight.
vec3 shade(vec3 albedo, vec3 normal, vec3 eye) {
  const vec3 lamp = normalize(vec3(-.5, -.8, -.7));
  const float diffuse = max(dot(normal, lamp), 0);
  const float highlight = pow(max(dot(normal, normalize(lamp + eye)), 0), 40);
  return albedo * (.25 + .85 * diffuse) + .35 * highlight;
}
