#include "random/recipe.h"

#include <algorithm>
#include <map>
#include <set>

namespace lemnos::random_graphs {

namespace {
std::string braces(const Shape& shape) {
  std::string out = "{";
  for (size_t i = 0; i < shape.rank(); ++i) out += text(i ? ", " : "", shape[i]);
  return out + "}";
}
}  // namespace

Value Maker::leaf(const Shape& shape, double scale) {
  const std::string name = text("x", leaves_.size());
  const Value made = graph.input(name, {shape, DType::f32});
  leaves_.push_back({made, scale});
  code_ += text("const Value ", name, " = graph.input(\"", name, "\", {", braces(shape), ", DType::f32});\n");
  names.push_back(name);
  return made;
}

Built build(const Recipe& recipe, Graph& graph) {
  Built built;
  for (size_t at = 0; at < recipe.steps.size(); ++at) {
    const Step& step = recipe.steps[at];
    std::vector<Value> in;
    std::vector<std::string> names;
    for (int input : step.inputs) {
      in.push_back(built.values[static_cast<size_t>(input)]);
      names.push_back(text("v", input));
    }
    Maker maker(graph, built.leaves, built.code, in, names, step.choices);
    const Made made = kinds()[step.kind].make(maker);
    built.values.push_back(made.value);
    built.code += text("const Value v", at, " = ", made.code, ";  // ", made.value.desc(), "\n");
  }
  return built;
}

Recipe make_recipe(uint64_t seed, size_t most) {
  constexpr int64_t kMostElements = 3000;
  Random random(seed, 1);
  Recipe recipe;
  const size_t count = 10 + random.below(most - 9);
  for (int tries = 0; recipe.steps.size() < count && tries < 2000; ++tries) {
    Step step{.kind = recipe.steps.empty() ? 0 : random.below(kinds().size()), .inputs = {}, .choices = random.bits()};
    for (size_t i = 0; i < kinds()[step.kind].inputs; ++i) {
      // Late values more often, so that graphs are deep.
      const size_t size = recipe.steps.size(), back = std::min(random.below(size), random.below(size));
      step.inputs.push_back(static_cast<int>(size - 1 - back));
    }
    recipe.steps.push_back(step);
    Graph trial;
    try {
      if (build(recipe, trial).values.back().desc().elements() > kMostElements) recipe.steps.pop_back();
    } catch (const DoesNotApply&) {
      recipe.steps.pop_back();
    } catch (const Error&) {
      recipe.steps.pop_back();
    }
  }
  // The last values, and some in between: inputs and views among them.
  const int size = static_cast<int>(recipe.steps.size());
  std::set<int> targets{size - 1};
  for (uint64_t i = random.below(4); i > 0; --i) targets.insert(static_cast<int>(random.below(recipe.steps.size())));
  recipe.targets.assign(targets.begin(), targets.end());
  return pruned(recipe);
}

Recipe pruned(const Recipe& recipe) {
  std::vector<bool> needed(recipe.steps.size());
  for (int target : recipe.targets) needed[static_cast<size_t>(target)] = true;
  for (size_t at = recipe.steps.size(); at-- > 0;)
    if (needed[at])
      for (int input : recipe.steps[at].inputs) needed[static_cast<size_t>(input)] = true;
  Recipe smaller;
  std::map<int, int> now;
  for (size_t at = 0; at < recipe.steps.size(); ++at) {
    if (!needed[at]) continue;
    now[static_cast<int>(at)] = static_cast<int>(smaller.steps.size());
    Step step = recipe.steps[at];
    for (int& input : step.inputs) input = now.at(input);
    smaller.steps.push_back(std::move(step));
  }
  for (int target : recipe.targets) smaller.targets.push_back(now.at(target));
  return smaller;
}

Recipe without(const Recipe& recipe, int at, int instead) {
  Recipe smaller = recipe;
  for (Step& step : smaller.steps) std::ranges::replace(step.inputs, at, instead);
  std::ranges::replace(smaller.targets, at, instead);
  std::ranges::sort(smaller.targets);
  const auto [first, last] = std::ranges::unique(smaller.targets);
  smaller.targets.erase(first, last);
  return pruned(smaller);
}

}  // namespace lemnos::random_graphs
