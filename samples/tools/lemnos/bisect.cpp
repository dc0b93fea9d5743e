#include "bisect.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/half.h"
#include "base/text.h"
#include "check/compare.h"
#include "launch_runner.h"
#include "repro.h"
#include "runtime/oracle.h"
#include "runtime/vulkan_program.h"
#include "workloads.h"

namespace lemnos::tool {

namespace {

/// The launches of one node; of a loop, all of them.
struct Group {
  int node = 0;
  size_t first = 0, count = 0;
};

std::vector<Group> groups_of(const Repro& repro) {
  std::vector<Group> groups;
  for (size_t i = 0; i < repro.launches.size(); ++i) {
    if (groups.empty() || groups.back().node != repro.launches[i].node)
      groups.push_back({repro.launches[i].node, i, 0});
    ++groups.back().count;
  }
  return groups;
}

// No case states what a node of a network may be off by, so this is what no right driver misses and hardly any wrong
// one keeps: a fraction of the largest element. The op suite holds the narrow limits.
check::Tolerance tolerance_for(DType dtype, const std::vector<double>& reference) {
  const double fraction = dtype == DType::f16 ? 1e-2 : dtype == DType::bf16 ? 4e-2 : 1e-4;
  // Floats of a StepState stand in u32 words: 64 units of one, and of a count nothing.
  if (!is_floating(dtype)) return check::custom(0, dtype == DType::u32 ? 6e-8 : 0, "floats compared by their bits");
  double largest = 0;
  for (const double v : reference)
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  return check::custom(fraction * largest, fraction, "a fraction of the largest element");
}

/// One node by itself, computed by the reference from what the device has in its inputs.
class NodeJudge {
 public:
  NodeJudge(const Plan& plan, const ReproMemory& memory, const Node& node) : plan_(plan), memory_(memory), node_(node) {
    std::map<int, Value> inputs;
    std::vector<Value> in;
    for (const int id : node.inputs) {
      if (id < 0) {
        in.emplace_back();
        continue;
      }
      if (!inputs.contains(id)) inputs[id] = graph_.input(text("in", id), plan.graph.info(id).desc);
      in.push_back(inputs[id]);
    }
    for (const auto& [id, value] : inputs) ids_[id] = value.id();
    outputs_ = graph_.add_all(*node.op, in, node.attrs);
  }

  void read_inputs(LaunchRunner& runner) {
    for (const auto& [from, to] : ids_) {
      const TensorDesc& desc = plan_.graph.info(from).desc;
      values_[to] = numbers(runner, desc, range_of(from));
    }
  }

  /// What is wrong with the first wrong output; an empty string where all are right.
  std::string fault(LaunchRunner& runner) {
    std::string wrong;
    for (const Repro::Result& r : results()) {
      const check::Comparison c = check::compare(numbers(runner, r.desc, r.where), r.reference, r.desc,
                                                 tolerance_for(r.desc.dtype, r.reference));
      if (!c.right && wrong.empty()) wrong = r.name + ": " + c.message;
    }
    return wrong;
  }

  const std::vector<Repro::Result>& results() {
    if (!results_.empty()) return results_;
    std::vector<int> targets;
    bool rounds = false;
    for (const Value& v : outputs_) {
      targets.push_back(v.id());
      rounds = rounds || v.dtype() == DType::f16 || v.dtype() == DType::bf16;
    }
    const std::vector<std::vector<double>> reference = evaluate(graph_, targets, values_, rounds);
    for (size_t i = 0; i < targets.size(); ++i) {
      const Location& where = plan_.locations[static_cast<size_t>(node_.outputs[i])];
      if (where.bytes == 0) continue;  // nobody wants it
      const TensorDesc& desc = outputs_[i].desc();
      results_.push_back(result_of(text("output", i), desc, memory_.range(where), reference[i],
                                   tolerance_for(desc.dtype, reference[i])));
    }
    return results_;
  }

 private:
  Repro::Range range_of(int id) const {
    const Location& where = plan_.locations[static_cast<size_t>(id)];
    return memory_.range(where.bytes ? where : persistent_location(plan_.graph, id));
  }
  static std::vector<double> numbers(LaunchRunner& runner, const TensorDesc& desc, Repro::Range where) {
    where.bytes = desc.bytes();
    return check::decoded(desc, runner.read(where));
  }

  const Plan& plan_;
  const ReproMemory& memory_;
  const Node& node_;
  Graph graph_;
  std::map<int, int> ids_;  // of the inputs: in the plan's graph, and here
  std::vector<Value> outputs_;
  std::map<int, std::vector<double>> values_;
  std::vector<Repro::Result> results_;
};

struct Found {
  std::string message;  // empty: nothing is wrong
  Group group;
  size_t judged = 0;  // nodes
  size_t loops = 0;   // that were done and not judged
  std::vector<Repro::Result> results;
};

Found search(const Repro& repro, const Plan& plan, const ReproMemory& memory, LaunchRunner& runner, int64_t left_out) {
  Found found;
  const auto launch = [&](const Group& group) {
    for (size_t i = group.first; i < group.first + group.count; ++i)
      if (static_cast<int64_t>(i) != left_out) runner.run(i);
  };
  for (const Group& group : groups_of(repro)) {
    const Node& node = plan.graph.nodes()[static_cast<size_t>(group.node)];
    if (node.loop) {
      launch(group);
      ++found.loops;
      continue;
    }
    NodeJudge judge(plan, memory, node);
    judge.read_inputs(runner);
    launch(group);
    ++found.judged;
    found.message = judge.fault(runner);
    if (found.message.empty()) continue;
    found.group = group;
    found.results = judge.results();
    break;
  }
  return found;
}

// The failing launches alone, on memory as those before them left it.
Repro cut_out(Repro repro, const Found& found, const std::shared_ptr<vulkan::Context>& context, int64_t left_out) {
  LaunchRunner runner(context, repro);
  for (size_t i = 0; i < found.group.first; ++i)
    if (static_cast<int64_t>(i) != left_out) runner.run(i);
  for (size_t b = 0; b < repro.buffers.size(); ++b)
    repro.buffers[b].before = runner.read({b, 0, repro.buffers[b].before.size()});
  const auto begin = repro.launches.begin() + static_cast<std::ptrdiff_t>(found.group.first);
  repro.launches = {begin, begin + static_cast<std::ptrdiff_t>(found.group.count)};
  repro.results = found.results;
  repro.message = found.message;
  return repro;
}

Workload find_network(const std::string& name) {
  std::vector<Workload> all = step_workloads();
  for (Workload& op : op_workloads()) all.push_back(std::move(op));
  std::string names;
  for (Workload& w : all) {
    if ((w.group + ' ' + w.name).find(name) != std::string::npos) return w;
    if (w.group == "step") names += "\n  " + w.group + ' ' + w.name;
  }
  fail(ErrorCode::not_found, "check: no network is called '", name, "', only rows of lemnos bench, among them", names);
}

}  // namespace

int bisect(const Device& device, const BisectOptions& o) {
  require(device.info().type != DeviceType::cpu_reference, ErrorCode::unsupported,
          "check: --bisect needs a Vulkan device, and ", device.info().name, " launches nothing");
  const Workload network = find_network(o.network);
  const Running running = network.open(device, {});
  auto* program = dynamic_cast<VulkanProgram*>(running.program);
  require(program != nullptr, ErrorCode::internal, "bisect: no program of a Vulkan device");
  const Plan& plan = program->plan();
  Repro repro{.title = network.group + ' ' + network.name,
              .device = device.info().name,
              .driver = device.info().driver + " " + device.info().driver_version,
              .message = {},
              .command = text("lemnos check --bisect '", network.group, ' ', network.name, "' --device '",
                              device.info().name, "'"),
              .buffers = {},
              .launches = {},
              .results = {}};
  ReproMemory memory(repro, plan);
  memory.refill([&](const Location& where, std::span<std::byte> bytes) { program->memory().read(where, bytes); });
  add_launches(repro, memory, plan, device.info().caps);
  const auto launches = static_cast<int64_t>(repro.launches.size());
  require(o.left_out < launches, ErrorCode::out_of_range, "check: --leave-out ", o.left_out, ": there are ", launches,
          " launches");
  const auto& context = program->memory().context();
  LaunchRunner runner(context, repro);
  const Found found = search(repro, plan, memory, runner, o.left_out);
  const bool failed = !found.message.empty();
  const size_t first = found.group.first, last = first + std::max<size_t>(found.group.count, 1) - 1;
  const std::string label = failed ? repro.launches[first].label : "";
  if (failed) write_repro(cut_out(repro, found, context, o.left_out), o.out);
  if (o.json) {
    nlohmann::ordered_json out{{"device", device.info().name}, {"network", repro.title}, {"launches", launches},
                               {"judged", found.judged},       {"loops", found.loops},   {"failed", failed}};
    if (failed)
      out.update({{"first_launch", first},
                  {"last_launch", last},
                  {"label", label},
                  {"message", found.message},
                  {"folder", o.out}});
    std::printf("%s\n", out.dump(2).c_str());
    return failed;
  }
  std::printf("%s on %s: %lld launches\n", repro.title.c_str(), device.info().name.c_str(),
              static_cast<long long>(launches));
  if (found.loops > 0) std::printf("%zu loops are done and not judged\n", found.loops);
  if (!failed)
    std::printf("all right: %zu nodes, each judged by what the device had in its inputs\n", found.judged);
  else
    std::printf(
        "launch %zu%s is the first that fails: %s\n  %s\n  alone in %s: cd '%s' && cc -std=c99 repro.c -o repro "
        "-lvulkan -lm && ./repro\n",
        first, last > first ? text(" to ", last).c_str() : "", label.c_str(), found.message.c_str(), o.out.c_str(),
        o.out.c_str());
  return failed;
}

}  // namespace lemnos::tool
