#version 450
// The truth: a glazed pattern that repeats in both directions. What the application would load, bake or capture.

layout(location = 0) in vec2 uv;
layout(location = 0) out vec4 colour;

void main() {
  const vec2 p = uv * 6.2831853;
  const vec2 q = p + .4 * vec2(sin(2 * p.y + sin(p.x)), sin(2 * p.x - cos(p.y)));
  const float rings = .5 + .5 * sin(2 * q.x + 2 * sin(q.y));
  const float veins = smoothstep(.2, .8, .5 + .5 * sin(3 * q.y + 2 * sin(q.x)));
  const vec3 glaze = mix(vec3(.04, .13, .30), vec3(.96, .78, .38), rings);
  colour = vec4(mix(glaze, vec3(.80, .22, .16), .75 * veins), 1);
}
