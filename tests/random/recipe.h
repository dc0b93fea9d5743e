// A graph as a list of steps, which can be built, printed as code, and made smaller.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "lemnos/ops.h"

namespace lemnos::random_graphs {

struct Step {
  size_t kind = 0;
  std::vector<int> inputs;  // numbers of earlier steps
  uint64_t choices = 0;     // seed of what the step chooses by itself
};

struct Recipe {
  std::vector<Step> steps;
  std::vector<int> targets;
};

/// A step cannot be taken with these operands.
struct DoesNotApply : std::runtime_error {
  DoesNotApply() : runtime_error("does not apply") {}
};

struct Leaf {
  Value value;
  double scale = 1;  // deviation of its numbers
};

struct Made {
  Value value;
  std::string code;
};

/// What a kind of step works with.
class Maker {
 public:
  Maker(Graph& of, std::vector<Leaf>& leaves, std::string& code, std::vector<Value> operands,
        std::vector<std::string> named, uint64_t choices)
      : graph(of), in(std::move(operands)), names(std::move(named)), leaves_(leaves), code_(code), random_(choices) {}

  Graph& graph;
  std::vector<Value> in;
  std::vector<std::string> names;

  int64_t below(int64_t count) { return static_cast<int64_t>(random_.below(static_cast<uint64_t>(count))); }
  bool maybe() { return below(2) != 0; }
  template <typename T>
  const T& one_of(std::span<const T> all) {
    return all[static_cast<size_t>(below(static_cast<int64_t>(all.size())))];
  }
  /// An input of normal numbers; its name in the code is names.back() until the next call.
  Value leaf(const Shape& shape, double scale = 1);
  const Shape& shape(size_t i = 0) const { return in[i].shape(); }
  int64_t rank(size_t i = 0) const { return static_cast<int64_t>(shape(i).rank()); }
  void need(bool holds) const {
    if (!holds) throw DoesNotApply();
  }

 private:
  std::vector<Leaf>& leaves_;
  std::string& code_;
  Random random_;
};

struct Kind {
  const char* name;
  size_t inputs;
  Made (*make)(Maker&);
};
std::span<const Kind> kinds();

struct Built {
  std::vector<Value> values;  // by step
  std::vector<Leaf> leaves;
  std::string code;
};
/// Throws DoesNotApply, or what an op throws.
Built build(const Recipe& recipe, Graph& graph);

/// Up to `most` steps of every kind.
Recipe make_recipe(uint64_t seed, size_t most);

/// The least recipe found for which `fails` still holds, by leaving out steps and targets. It asks at most `tries`
/// times.
template <typename Fails>
Recipe shrink(Recipe recipe, Fails fails, int tries = 300);

/// `recipe` without step `at`, whose readers read `instead`; steps that nobody needs any more go too.
Recipe without(const Recipe& recipe, int at, int instead);
Recipe pruned(const Recipe& recipe);

template <typename Fails>
Recipe shrink(Recipe recipe, Fails fails, int tries) {
  const auto take = [&](Recipe smaller) {
    if (tries-- <= 0 || !fails(smaller)) return false;
    recipe = std::move(smaller);
    return true;
  };
  for (bool changed = true; changed && tries > 0;) {
    changed = false;
    for (size_t t = 0; recipe.targets.size() > 1 && t < recipe.targets.size();) {
      Recipe smaller = recipe;
      smaller.targets.erase(smaller.targets.begin() + static_cast<std::ptrdiff_t>(t));
      if (take(pruned(smaller)))
        changed = true;
      else
        ++t;
    }
    for (int at = static_cast<int>(recipe.steps.size()) - 1; at >= 0; --at) {
      if (at >= static_cast<int>(recipe.steps.size())) continue;
      for (int input : std::vector<int>(recipe.steps[static_cast<size_t>(at)].inputs))
        if (take(without(recipe, at, input))) {
          changed = true;
          break;
        }
    }
  }
  return recipe;
}

}  // namespace lemnos::random_graphs
