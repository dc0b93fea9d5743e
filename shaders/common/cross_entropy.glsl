// The buffers of the cross-entropy kernels, and the weight t[c] that a row's target gives to class c:
//   loss = sum_c t[c] (logsumexp(x) - x[c])      dloss/dx[c] = sum(t) softmax(x)[c] - t[c]
#ifndef COMMON_CROSS_ENTROPY
#define COMMON_CROSS_ENTROPY

layout(binding = 0) readonly buffer Logits { float logits[]; };
layout(binding = 1) readonly buffer Targets { int targets[]; };  // class indices, or the bits of probabilities
layout(binding = 2) readonly buffer Weights { float weights[]; };
layout(binding = 3) readonly buffer Divisor { float divisor[]; };
layout(binding = 4) writeonly buffer Losses { float losses[]; };
layout(binding = 5) writeonly buffer DLogits { float dlogits[]; };

#define NOT_A_NUMBER uintBitsToFloat(0x7fc00000u)

float class_weight(uint c) { return weighted != 0 ? weights[c] : 1.0; }

// What a class index counts in the mean; an index past the last class poisons the loss rather than being read.
float label_weight(int label) {
  if (label < 0) return 0.0;
  return uint(label) < params.cols ? class_weight(uint(label)) : NOT_A_NUMBER;
}

bool is_ignored(uint row) { return soft == 0 && targets[row] < 0; }
bool is_dense() { return soft != 0 || smoothed != 0; }

// The scale of losses and gradients, where the divisor has been counted.
float counted_scale() {
  if (reduction != REDUCTION_MEAN) return 1.0;
  if (soft != 0) return 1.0 / float(params.rows);
  return divisor[0] == 0.0 ? 0.0 : 1.0 / divisor[0];
}

float target_at(uint row, uint c) {
  float t = 0.0;
  if (soft != 0)
    t = intBitsToFloat(targets[row * params.cols + c]);
  else if (uint(targets[row]) == c)
    t = 1.0;
  if (smoothed != 0) t = t * (1.0 - params.smoothing) + params.smoothing / float(params.cols);
  return t * class_weight(c);
}

#endif
