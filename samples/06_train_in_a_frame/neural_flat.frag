#version 450
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"
#include "neural.glsl"
// What the network has learned, as a flat texture: compared with the truth, pixel by pixel.

layout(location = 0) in vec2 uv;
layout(location = 0) out vec4 colour;

void main() { colour = vec4(network(uv), 1); }
