// A whole small network and its gradients.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

/// The attributes of both ops.
struct MlpNetwork {
  int64_t width = 0;
  int64_t hidden = 0;
  int64_t out = 0;
  std::string activation = "relu";  // or sigmoid, or tanh

  void visit(auto&& f) {
    f("width", width, kRequired), f("hidden", hidden, kRequired), f("out", out, kRequired), f("activation", activation);
  }
};

struct MlpAttrs {
  MlpNetwork network;
  bool keep_hidden = false;

  void visit(auto&& f) { network.visit(f), f("keep_hidden", keep_hidden); }
};

struct MlpBackwardAttrs {
  MlpNetwork network;
  bool has_dx = false;

  void visit(auto&& f) { network.visit(f), f("has_dx", has_dx); }
};

namespace reference {
void mlp_backward(const Reference& c);
}  // namespace reference

}  // namespace lemnos
