// A loop: a separate graph, the body, that one node of another graph runs a number of times.
//
// Everything that the body reads from outside is an input of the node, so that the outer graph needs to know nothing of
// it. Rows of sliced and stacked tensors begin where every device can bind them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "graph/needs.h"
#include "lemnos/graph.h"

namespace lemnos {

struct Loop {
  struct Carried {
    int in = -1;   // what an iteration finds,
    int out = -1;  // and the value for the next iteration
  };
  struct Stacked {
    int value = -1;
    bool trace = false;  // of a carried value: the last row is in the node's output of it instead, if that is used
    bool held = false;   // 0 in iterations after the end
  };

  // The numbers are values of the body.
  std::shared_ptr<const Graph> body;
  int64_t times = 0;
  bool backward = false;  // iteration i works on row times - 1 - i, not on row i
  // The node's inputs: first values of carried values, then tensors [times, row], then captured values.
  std::vector<Carried> carried;
  std::vector<int> sliced, captured;
  // The node's outputs: last values of carried values, then tensors [times, row].
  std::vector<Stacked> stacked;
  int ended = -1;  // the carried value that is not 0 after the end of the loop; -1: it runs `times` times

  /// Whether iterations after the end need not run, because only preserved values are needed (`outputs` as in needs).
  bool may_end(const std::vector<bool>& outputs = {}) const;
  size_t inputs() const { return carried.size() + sliced.size() + captured.size(); }
  /// What input `i` of the node is to the body.
  int bound(size_t i) const;
  /// What output `i` of the node is to the body.
  int result(size_t i) const;
  int64_t row(int64_t iteration) const { return backward ? times - 1 - iteration : iteration; }
  /// The values that an iteration must compute: the node's outputs whose bit is set (empty: all), and carried values;
  /// of bound values, those that it reads. `leaves`: other values that it reads and that no node computes.
  Needs needs(const std::vector<bool>& outputs = {}, std::vector<int>* leaves = nullptr) const;
};

/// Elements of a row that contains one such tensor.
int64_t row_elements(const TensorDesc& desc);

}  // namespace lemnos
