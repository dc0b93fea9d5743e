// The step state: what closes a step, and what reads a word of it.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct AdvanceStepAttrs {
  int64_t batches_per_epoch = 1;  // 0: the state's
  int64_t batch = 0;
  double beta1 = 0;
  double beta2 = 0;
  double momentum_decay = 0;
  double base_lr = 0;

  void visit(auto&& f) {
    f("batches_per_epoch", batches_per_epoch), f("batch", batch), f("beta1", beta1), f("beta2", beta2),
        f("momentum_decay", momentum_decay), f("base_lr", base_lr);
  }
};

struct StateValueAttrs {
  int64_t word = 0;
  double scale = 1;

  void visit(auto&& f) { f("word", word, kRequired), f("scale", scale); }
};

namespace reference {
void advance_step(const Reference& c);
void state_value(const Reference& c);
}  // namespace reference

}  // namespace lemnos
