// Cross-entropy of softmax(logits), or of probabilities given by their logarithms.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct CrossEntropyAttrs {
  std::string reduction = "mean";  // or sum, or none
  double label_smoothing = 0;
  bool log_probabilities = false;
  bool with_gradient = true;

  void visit(auto&& f) {
    f("reduction", reduction), f("label_smoothing", label_smoothing), f("log_probabilities", log_probabilities),
        f("with_gradient", with_gradient);
  }
};

namespace reference {
void cross_entropy(const Reference& c);
}  // namespace reference

}  // namespace lemnos
