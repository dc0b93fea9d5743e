// The rows of the data set that a batch takes.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct BatchIndicesAttrs {
  int64_t samples = 0;  // 0: the state's
  int64_t batch = 0;
  bool shuffle = true;
  int64_t seed = 0;
  int64_t window = 0;  // batches that follow one another through a ring of so many; 0: none

  void visit(auto&& f) {
    f("samples", samples), f("batch", batch, kRequired), f("shuffle", shuffle), f("seed", seed), f("window", window);
  }
};

namespace reference {
void batch_indices(const Reference& c);
}  // namespace reference

}  // namespace lemnos
