// Random graphs with their gradients: fused, plain, recomputed, without shared memory, cut into pieces and into slices
// of rows, and with a value in the middle given, against the reference. A failure is made small and printed as code.
//   LEMNOS_GRAPHS=10000 LEMNOS_FIRST_GRAPH=1 lemnos_random_graphs   for more of them

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "base/half.h"
#include "base/status.h"
#include "base/text.h"
#include "graph/needs.h"
#include "lemnos/autograd.h"
#include "lemnos/lemnos.hpp"
#include "ops/rewrites.h"
#include "random/recipe.h"
#include "runtime/backends.h"
#include "shaders/kernels.h"
#include "tests/devices.h"
#include "vulkan/context.h"
#include "vulkan/owned_device.h"

namespace lemnos::random_graphs {
namespace {

constexpr uint64_t kNarrowBytes = 4096;
constexpr size_t kMostSteps = 60;

using Bytes = std::vector<std::byte>;

int64_t number(const char* name, int64_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::atoll(value) : otherwise;
}

/// A device that binds so little that what can be cut by rows is cut.
Device narrow_device(const Device& device) {
  const auto context = vulkan::open_device({.selector = uuid_string(device.info().uuid)});
  DeviceCaps caps = context->caps();
  caps.max_storage_range = kNarrowBytes;
  context->clamp_caps(caps);
  return Device(make_vulkan_backend(context, {.find_kernel = find_kernel, .rewrites = rewrites()}));
}

/// The graph of a recipe, with the gradients of all targets for all inputs.
struct Prepared {
  explicit Prepared(const Recipe& recipe) : built(build(recipe, graph)) {
    Value loss;
    for (int at : recipe.targets) {
      const Value v = built.values[static_cast<size_t>(at)];
      targets.push_back(v);
      if (!is_floating(v.dtype()) || v.desc().elements() == 0) continue;
      const Value one = mean(square(cast(v, DType::f32) + .3f));
      loss = loss ? loss + one : one;
    }
    if (!loss) return;
    std::vector<Value> wrt;
    for (const Leaf& leaf : built.leaves) wrt.push_back(leaf.value);
    for (Value gradient : gradients(loss, wrt))
      if (gradient) targets.push_back(gradient);
  }

  void fill(Session& session, uint64_t seed) const {
    for (const Leaf& leaf : built.leaves) {
      if (leaf.value.desc().elements() == 0) continue;
      Random random(seed, static_cast<uint64_t>(leaf.value.id()));
      std::vector<float> numbers(static_cast<size_t>(leaf.value.desc().elements()));
      for (float& v : numbers) v = static_cast<float>(leaf.scale * random.normal());
      session.write(leaf.value, numbers);
    }
  }

  Graph graph;
  Built built;
  std::vector<Value> targets;
};

std::vector<Bytes> read(Program& program, const std::vector<Value>& targets) {
  std::vector<Bytes> all;
  for (Value v : targets) {
    Bytes& bytes = all.emplace_back(v.desc().bytes());
    if (!bytes.empty()) program.read(v, bytes);
  }
  return all;
}

std::vector<double> numbers_of(const Bytes& bytes, const TensorDesc& desc) {
  std::vector<double> numbers(static_cast<size_t>(desc.elements()));
  decode(desc.dtype, bytes.data(), numbers.data(), numbers.size());
  return numbers;
}

/// What differs by more than rounding, or nothing. Where the reference is not finite nothing is asked.
std::string difference(const Bytes& found, const Bytes& right, const TensorDesc& desc, double tolerance) {
  const std::vector<double> a = numbers_of(found, desc), b = numbers_of(right, desc);
  double largest = .01;
  for (double v : b)
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  for (size_t i = 0; i < a.size(); ++i)
    if (std::isfinite(b[i]) && !(std::abs(a[i] - b[i]) <= tolerance * largest))
      return text(desc, ": element ", i, " is ", a[i], ", right is ", b[i]);
  return {};
}

struct Run {
  const char* name;
  CompileOptions options;
  bool same_bits;  // as the fused program
  bool pieces = false;
};
std::vector<Run> runs() {
  return {{"fused", {}, false},
          {"plain", {.fuse = false}, false},
          {"again", {}, true},
          {"recomputed", {.recompute = true}, true},
          {"without shared memory", {.share_memory = false}, true},
          {"in pieces", {.segment_microseconds = 1}, true, true}};
}

void execute(Program& program, bool pieces) {
  program.poison();
  if (!pieces) return require_ok(program.run(1), "run");
  Advanced done;
  while (done.total_steps == 0) require_ok(program.advance({.microseconds = 50, .steps = 1}, &done), "advance");
  require_ok(program.wait(), "wait");
}

/// What is asked of a graph: nothing wrong, or what.
class Judge {
 public:
  explicit Judge(const Device& device) : device_(device), narrow_(narrow_device(device)) {}

  /// The device may be given another recipe than the reference: then the two must differ.
  std::string operator()(const Recipe& recipe, const Recipe& on_device) {
    // A flip at a kink is possible with some numbers, a fault shows with all.
    std::string wrong;
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      wrong = judged(recipe, on_device, seed);
      if (wrong.empty() || wrong.starts_with("bits")) break;
    }
    return wrong;
  }
  std::string operator()(const Recipe& recipe) { return (*this)(recipe, recipe); }

  size_t nodes = 0, sliced = 0, refused = 0, cut = 0;

 private:
  std::string judged(const Recipe& recipe, const Recipe& on_device, uint64_t seed) try {
    Prepared reference(recipe), own(on_device);
    nodes += own.graph.nodes().size();
    const auto cpu = Device::cpu().open(reference.graph);
    reference.fill(*cpu, seed);
    const auto expected = cpu->compile({.targets = reference.targets});
    require_ok(expected->run(1), "reference");
    const std::vector<Bytes> right = read(*expected, reference.targets);
    const bool half = own.built.code.find("f16") != std::string::npos;
    const double tolerance = half ? .06 : 1e-3;

    const auto session = device_.open(own.graph);
    own.fill(*session, seed);
    std::vector<Bytes> fused;
    for (Run& run : runs()) {
      run.options.targets = own.targets;
      const auto program = session->compile(run.options);
      execute(*program, run.pieces);
      const std::vector<Bytes> found = read(*program, own.targets);
      if (fused.empty()) fused = found;
      for (size_t i = 0; i < found.size(); ++i) {
        const TensorDesc& desc = own.targets[i].desc();
        if (run.same_bits && found[i] != fused[i]) return text("bits of target ", i, ", ", desc, ", differ ", run.name);
        if (const std::string d = difference(found[i], right[i], desc, tolerance); !d.empty())
          return text(run.name, ", target ", i, ", ", d);
      }
    }
    if (&recipe == &on_device)
      if (const std::string d = given_differs(reference, own, *cpu, *session, seed, tolerance); !d.empty()) return d;
    return sliced_differs(own, seed, fused);
  } catch (const Error& error) {
    return text("throws: ", error.what());
  }

  /// What is given need not be what its node would make: nothing may be computed, or fused, around it.
  std::string given_differs(Prepared& reference, Prepared& own, Session& cpu, Session& session, uint64_t seed,
                            double tolerance) {
    std::vector<int> candidates;
    Needs needs;
    for (Value target : own.targets) needs.targets.push_back(target.id());
    for (int index : needed_nodes(own.graph, needs))
      for (int input : own.graph.nodes()[static_cast<size_t>(index)].inputs) {
        const ValueInfo& info = own.graph.info(input);
        if (info.producer >= 0 && info.alias < 0 && info.desc.dtype == DType::f32 && info.desc.elements() > 0 &&
            std::ranges::count(needs.targets, input) == 0)
          candidates.push_back(input);
      }
    // What is read once may be fused.
    std::vector<int> once;
    std::ranges::copy_if(candidates, std::back_inserter(once),
                         [&](int value) { return std::ranges::count(candidates, value) == 1; });
    if (!once.empty()) candidates = once;
    if (candidates.empty()) return {};
    Random random(seed, candidates.size());
    const int given = candidates[static_cast<size_t>(random.below(candidates.size()))];
    ++cut;
    std::vector<float> numbers(static_cast<size_t>(own.graph.info(given).desc.elements()));
    for (float& v : numbers) v = static_cast<float>(random.normal());
    std::vector<std::vector<Bytes>> found;
    for (const auto& [prepared, on] : {std::pair{&reference, &cpu}, {&own, &session}})
      for (const bool recompute : {false, true}) {
        const Value value{&prepared->graph, given};
        const auto program = on->compile({.targets = prepared->targets, .given = {value}, .recompute = recompute});
        on->write(value, numbers);
        execute(*program, false);
        found.push_back(read(*program, prepared->targets));
      }
    for (size_t i = 0; i < own.targets.size(); ++i)
      for (size_t run = 2; run < found.size(); ++run)
        if (const std::string d = difference(found[run][i], found[0][i], own.targets[i].desc(), tolerance); !d.empty())
          return text("value %", given, " given, target ", i, ", ", d);
    return {};
  }

  std::string sliced_differs(const Prepared& own, uint64_t seed, const std::vector<Bytes>& fused) {
    const auto session = narrow_.open(own.graph);
    std::unique_ptr<Program> program;
    try {
      own.fill(*session, seed);
      program = session->compile({.targets = own.targets});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported) throw;
      ++refused;
      return {};
    }
    ++sliced;
    execute(*program, false);
    const std::vector<Bytes> found = read(*program, own.targets);
    for (size_t i = 0; i < found.size(); ++i)
      if (found[i] != fused[i]) return text("bits of target ", i, ", ", own.targets[i].desc(), ", differ in slices");
    return {};
  }

  Device device_, narrow_;
};

std::string printed(const Recipe& recipe) {
  Graph graph;
  std::string code = build(recipe, graph).code;
  for (int target : recipe.targets) code += text("targets: v", target, "\n");
  return code;
}

class RandomGraphs : public testing::Test {
 protected:
  static std::vector<Device> vulkan_devices() {
    std::vector<Device> found;
    for (const Device& device : devices())
      if (device.info().type != DeviceType::cpu_reference) found.push_back(device);
    return found;
  }
};

TEST_F(RandomGraphs, AgreeWithTheReference) {
  const int64_t first = number("LEMNOS_FIRST_GRAPH", 1), count = number("LEMNOS_GRAPHS", 25);
  if (vulkan_devices().empty()) GTEST_SKIP() << "no Vulkan device";
  for (const Device& device : vulkan_devices()) {
    Judge judge(device);
    for (int64_t seed = first; seed < first + count; ++seed) {
      const Recipe recipe = make_recipe(static_cast<uint64_t>(seed), kMostSteps);
      if (judge(recipe).empty()) continue;
      const Recipe least = shrink(recipe, [&](const Recipe& smaller) {
        try {
          Graph graph;
          (void)build(smaller, graph);
        } catch (const std::exception&) {
          return false;
        }
        return !judge(smaller).empty();
      });
      ADD_FAILURE() << device.info().name << ", graph " << seed << " of " << recipe.steps.size() << " steps, least of "
                    << least.steps.size() << ": " << judge(least) << "\n"
                    << printed(least);
    }
    std::cout << device.info().name << ": " << count << " graphs, " << judge.nodes << " nodes, " << judge.sliced
              << " in slices, " << judge.cut << " with a value given, " << judge.refused << " that hang together\n";
    EXPECT_GT(judge.sliced, 0u);
    EXPECT_GT(judge.cut, 0u);
    EXPECT_EQ(device.backend().validation_messages(), std::vector<std::string>{});
  }
}

// A device that computes other functions is found out, and by few steps.
TEST_F(RandomGraphs, AFaultIsFoundAndReduced) {
  if (vulkan_devices().empty()) GTEST_SKIP() << "no Vulkan device";
  Judge judge(vulkan_devices().front());
  const auto spoiled = [](Recipe recipe) {
    for (Step& step : recipe.steps)
      if (std::string(kinds()[step.kind].name) == "unary") ++step.choices;
    return recipe;
  };
  int found = 0;
  for (uint64_t seed = 1; seed <= 6 && found == 0; ++seed) {
    const Recipe recipe = make_recipe(seed, 25);
    const auto fails = [&](const Recipe& r) {
      try {
        Graph a, b;
        const Built one = build(r, a), other = build(spoiled(r), b);
        for (int target : r.targets)
          if (one.values[static_cast<size_t>(target)].desc() != other.values[static_cast<size_t>(target)].desc())
            return false;
        if (one.leaves.size() != other.leaves.size()) return false;
      } catch (const std::exception&) {
        return false;
      }
      return !judge(r, spoiled(r)).empty();
    };
    if (!fails(recipe)) continue;
    const Recipe least = shrink(recipe, fails, 60);
    EXPECT_LE(least.steps.size(), 4u) << printed(least);
    EXPECT_TRUE(judge(least).empty());
    ++found;
  }
  EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace lemnos::random_graphs
