// The matrices among the parameters, as Muon updates them: which they are, and the nodes that do it.
#pragma once

#include <cstdint>
#include <vector>

#include "lemnos/optim.h"
#include "ops/muon.h"

namespace lemnos::optim {

/// Elements to an entry of a table over the blocks of an arena.
inline constexpr int64_t kBlock = Graph::kArenaAlignment;
inline int64_t blocks_of(Graph& graph) { return graph.flat_parameters().desc().elements() / kBlock; }
/// Writes {factor of lr, of weight decay} for each block of a parameter.
void set_factors(std::vector<float>& table, const ValueInfo& parameter, float lr, float weight_decay);

class MatrixUpdate {
 public:
  /// Finds the matrices among `parameters` that are not frozen, and freezes them in `factors` ({of lr, of weight decay}
  /// for each block, or empty for 1): the update of the rest leaves them alone. Throws `not_found` where options.others
  /// matches nothing.
  MatrixUpdate(Graph& graph, const Muon& options, float clip_value, const std::vector<Value>& parameters,
               std::vector<float>& factors);

  /// The products; before the node that updates the rest.
  void add_directions(Value state, Value slot);
  /// Momentum and weights, after it: the new flat parameters.
  Value add_updates(Value parameters, Value state, Value slot) const;

 private:
  /// Those of one shape.
  struct Batch {
    int64_t rows, columns;
    std::vector<int64_t> blocks;  // where each begins
    std::vector<float> factors;   // {of lr, of weight decay} of each
    Value places, directions;
  };
  MuonAttrs attrs_for(const Batch& batch) const;

  Graph& graph_;
  Muon options_;
  float clip_value_;
  std::vector<Batch> batches_;
};

}  // namespace lemnos::optim
