// A graph to build layers in, and what they left there.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "lemnos/nn.h"

namespace lemnos::nn_tests {

/// A parameter or variable as a checkpoint would name it.
struct Named {
  std::string name;
  Shape shape;
  bool operator==(const Named&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Named& n) {
    return out << n.name << ' ' << to_string(n.shape);
  }
};

inline std::vector<Named> sorted(std::vector<Named> all) {
  std::ranges::sort(all, {}, &Named::name);
  return all;
}

struct Network {
  explicit Network(bool training, uint64_t seed = 1) : scope(graph, step_state(graph), training, seed) {}

  std::vector<Named> parameters() const { return names(graph.parameters()); }
  /// Without the state of the step.
  std::vector<Named> variables() const {
    std::vector<Named> all = names(graph.variables());
    std::erase_if(all, [](const Named& n) { return n.name == "step_state"; });
    return all;
  }
  /// Calls `build` with the scope of the same names in the other mode.
  template <typename Build>
  static void training_of(const nn::Scope& scope, bool training, Build build) {
    build(nn::Scope(scope.graph(), scope.state(), training, scope.seed()).nested(scope.prefix()));
  }

  Graph graph;
  nn::Scope scope;

 private:
  static std::vector<Named> names(const std::vector<Value>& values) {
    std::vector<Named> all;
    for (Value v : values) all.push_back({v.name(), v.shape()});
    return sorted(std::move(all));
  }
};

}  // namespace lemnos::nn_tests
