#version 450
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
// The torus under the texture itself.

layout(location = 0) in vec2 uv;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec3 eye;
layout(location = 0) out vec4 colour;

layout(set = 0, binding = 0) uniform sampler2D truth;

void main() { colour = vec4(shade(texture(truth, uv).rgb, normalize(normal), normalize(eye)), 1); }
