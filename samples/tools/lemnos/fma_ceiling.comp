// What the device's arithmetic alone can do: sixteen independent chains of fused multiply-adds in registers, one store
// at the end so that they cannot be left out.
#version 450
#extension GL_EXT_control_flow_attributes : enable
layout(local_size_x = 64, local_size_x_id = 0) in;
layout(push_constant) uniform ParamsBlock { uint rounds; } params;
layout(binding = 0) writeonly buffer Y { float y[]; };

const uint kChains = 16;

void main() {
  float chain[kChains];
  const float step = float(gl_LocalInvocationID.x) * 1e-6;
  [[unroll]] for (uint i = 0; i < kChains; ++i) chain[i] = step + float(i);
  for (uint round = 0; round < params.rounds; ++round) {
    [[unroll]] for (uint repeat = 0; repeat < 4; ++repeat) {
      [[unroll]] for (uint i = 0; i < kChains; ++i) chain[i] = fma(chain[i], 0.9999999, step);
    }
  }
  float sum = 0.0;
  [[unroll]] for (uint i = 0; i < kChains; ++i) sum += chain[i];
  y[gl_GlobalInvocationID.x] = sum;
}
