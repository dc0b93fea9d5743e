// What ops that read or advance StepState share.
#pragma once

#include "ops/lowering.h"
#include "shaders/common/step_state.h"

namespace lemnos::ops {

inline void require_state(const Infer& in, size_t i) {
  require(in.in[i] == TensorDesc{Shape{STATE_WORDS}, DType::u32}, ErrorCode::shape_mismatch, in.op.name, ": input ", i,
          " is ", in.in[i], ", a step state is ", TensorDesc{Shape{STATE_WORDS}, DType::u32});
}

/// The newest value that shares the memory of `v`: a node that updates it in place must start from there.
inline Value latest(Value v) {
  Graph& graph = v.graph();
  const int storage = graph.storage_of(v.id());
  for (int id = static_cast<int>(graph.values().size()) - 1; id > v.id(); --id)
    if (graph.storage_of(id) == storage) return {&graph, id};
  return v;
}

}  // namespace lemnos::ops
