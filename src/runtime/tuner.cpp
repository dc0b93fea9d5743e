#include "runtime/tuner.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <ctime>

#include "base/half.h"
#include "base/random.h"
#include "base/status.h"
#include "base/stopwatch.h"
#include "graph/print.h"

namespace lemnos {
namespace {

// Floats of 1/2 to 1 and of either sign; zeros for integers, which are indices that must be in range.
void fill_tuner(Session& session, Value value) {
  std::vector<std::byte> bytes(value.desc().bytes());
  Random random(1, static_cast<uint64_t>(value.id()));
  const size_t size = size_of(value.dtype());
  for (size_t at = 0; is_floating(value.dtype()) && at < bytes.size(); at += size) {
    const uint32_t bits = random.bits() >> 8;
    const uint32_t sign = bits & 1;
    uint32_t word = sign << 31 | 0x3f000000u | bits >> 1;
    if (value.dtype() == DType::f16) word = sign << 15 | 0x3800u | (bits >> 14 & 0x3ffu);
    if (value.dtype() == DType::bf16) word = sign << 15 | 0x3f00u | (bits >> 17 & 0x7fu);
    std::memcpy(bytes.data() + at, &word, size);
  }
  session.write(value, bytes);
}

std::vector<double> results_of(Program& program, const std::vector<Value>& targets) {
  std::vector<double> all;
  for (Value target : targets) {
    if (!is_floating(target.dtype())) continue;
    for (float v : program.read_floats(target)) all.push_back(v);
  }
  return all;
}

// Sums in another order differ by roundings alone.
std::string difference(const std::vector<double>& found, const std::vector<double>& expected) {
  constexpr double kMost = 1e-4;  // bf16 rounds results to 4e-3, whose square is below
  double error = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    error += (found[i] - expected[i]) * (found[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  if (error <= kMost * norm) return {};
  return text("wrong: NMSE ", error / norm, " against the portable variant, at most ", kMost);
}

}  // namespace

struct Tuner::Candidate {
  TunedVariant found;
  std::unique_ptr<Program> program;  // null: refused
  uint32_t runs = 1;                 // in one timing
  std::vector<double> times;         // seconds of a run

  double timed(const DeviceCaps& caps, uint32_t count) const {
    const Stopwatch wall;
    const std::clock_t start = std::clock();
    require_ok(program->run(count), "tune");
    require_ok(program->wait(), "tune");
    // A software driver computes on this processor, whatever else that does.
    const double seconds = caps.software ? static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC : wall.seconds();
    return seconds / count;
  }
};

Tuner::Candidate Tuner::prepare(Session& session, const Graph& graph, const std::vector<Value>& targets,
                                const Node& node, const char* variant) const {
  Candidate c{.found = {.variant = variant}};
  const std::string force = text(node.op->name, '=', variant);
  try {
    PlanOptions options{.find_kernel = find_kernel_, .force_variant = force};
    for (Value target : targets) options.needs.targets.push_back(target.id());
    std::vector<Dispatch> dispatches;
    for (PlannedDispatch& planned : make_plan(graph, caps_, options).dispatches)
      dispatches.push_back(std::move(planned.dispatch));
    c.found.kernels = kernels_of(dispatches);
    c.program = session.compile({.targets = targets, .fuse = false, .force_variant = force});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported && error.code() != ErrorCode::out_of_memory) throw;
    c.found.refusal = error.what();
  }
  return c;
}

TunedOp Tuner::measure(const Plan& plan, const Node& node) const {
  constexpr int kRounds = 5;
  constexpr double kRoundSeconds = .004, kHopeless = 2;  // times the best: not worth more rounds
  TunedOp op{.op = shape_text(plan.graph, node),
             .usual = Lower(plan.graph, node, caps_, find_kernel_, {}).variant(),
             .variants = {}};
  Graph graph;
  std::vector<Value> inputs;
  for (int input : node.inputs) inputs.push_back(graph.input(text("x", inputs.size()), plan.graph.info(input).desc));
  const std::vector<Value> targets = graph.add_all(*node.op, inputs, node.attrs);
  const std::unique_ptr<Session> session = open_(graph);
  for (Value input : inputs) fill_tuner(*session, input);

  // The portable one, the last, is what the others are held to.
  std::vector<Candidate> candidates;
  std::vector<double> expected;
  for (size_t i = node.op->variants.size(); i-- > 0;) {
    Candidate c = prepare(*session, graph, targets, node, node.op->variants[i].name);
    if (c.program) {
      c.times.push_back(c.timed(caps_, 1));
      const std::vector<double> results = results_of(*c.program, targets);
      if (expected.empty()) expected = results;
      c.found.refusal = difference(results, expected);
      if (!c.found.refusal.empty()) c.program.reset();
    }
    candidates.push_back(std::move(c));
  }
  double best = 1e9;
  for (Candidate& c : candidates) {
    if (!c.program) continue;
    c.times = {c.timed(caps_, 1)};  // the first time was a warm-up
    c.runs = static_cast<uint32_t>(std::clamp(kRoundSeconds / std::max(c.times[0], 1e-7), 1.0, 1000.0));
    best = std::min(best, c.times[0]);
  }
  for (int round = 0; round < kRounds; ++round)  // in turn, so that what else the machine does strikes all alike
    for (Candidate& c : candidates)
      if (c.program && c.times[0] <= kHopeless * best) {
        if (round == 0) c.times.clear();
        c.times.push_back(c.timed(caps_, c.runs));
      }
  for (Candidate& c : candidates) {
    if (c.program) {
      std::ranges::nth_element(c.times, c.times.begin() + static_cast<std::ptrdiff_t>(c.times.size() / 2));
      c.found.microseconds = 1e6 * c.times[c.times.size() / 2];
    }
    op.variants.push_back(c.found);
  }
  constexpr double kNoise = 1.03;  // a smaller gain is none
  const auto rank = [&](const TunedVariant& v) {
    if (!v.refusal.empty()) return 1e30;
    return v.variant == op.usual ? v.microseconds / kNoise : v.microseconds;
  };
  std::ranges::stable_sort(op.variants, {}, rank);
  return op;
}

void Tuner::tune(const Plan& plan, Tuning& tuning, double seconds) const {
  std::map<int, double> cost;  // of each node
  for (const PlannedDispatch& d : plan.dispatches)
    cost[d.node] += static_cast<double>(d.dispatch.cost.bytes) + static_cast<double>(d.dispatch.cost.flops);
  std::vector<int> nodes;
  for (int index : plan.nodes) {
    const OpDef& op = *plan.graph.nodes()[static_cast<size_t>(index)].op;
    if (op.variants.size() > 1 && op.updates.empty()) nodes.push_back(index);
  }
  std::ranges::stable_sort(nodes, [&](int a, int b) { return cost[a] > cost[b]; });
  const Stopwatch clock;
  for (int index : nodes) {
    const Node& node = plan.graph.nodes()[static_cast<size_t>(index)];
    if (tuning.find(shape_text(plan.graph, node))) continue;
    if (clock.seconds() >= seconds) return;
    tuning.put(measure(plan, node));
  }
  for (const PlannedLoop& loop : plan.loops) tune(*loop.body, tuning, seconds - clock.seconds());
}

}  // namespace lemnos
