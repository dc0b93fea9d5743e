#version 450
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
#include "neural.glsl"
// The torus under what the network has learned so far.

layout(location = 0) in vec2 uv;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec3 eye;
layout(location = 0) out vec4 colour;

void main() { colour = vec4(shade(network(uv), normalize(normal), normalize(eye)), 1); }
