#version 450
// One triangle that covers the whole target: a texture, seen flat.

layout(location = 0) out vec2 uv;

void main() {
  uv = vec2(gl_VertexIndex == 1 ? 2 : 0, gl_VertexIndex == 2 ? 2 : 0);
  gl_Position = vec4(2 * uv - 1, 0, 1);
}
