#include "measure.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <ctime>
#include <random>

#include "lemnos/op.h"
#include "lemnos/ops.h"

namespace lemnos::tool {

namespace {
#include "fma_ceiling.spv.h"

constexpr int kRounds = 7;
constexpr double kRoundSeconds = .03;
constexpr int64_t kFarElements = 1 << 24;   // 64 MiB
constexpr int64_t kNearElements = 1 << 16;  // 256 KiB
constexpr int kLaunches = 64;

double wall() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void require_ok(Status status) {
  if (status != Status::ok) throw Error(ErrorCode::device_lost, std::string("bench: ") + to_string(status));
}

struct FmaSpec {
  uint32_t workgroup_size = 64;
};
struct FmaParams {
  uint32_t rounds = 0;
};
constexpr int64_t kFmaGroups = 512;

std::vector<TensorDesc> fma_infer(const Infer&) { return {{Shape{kFmaGroups * 64}, DType::f32}}; }
std::vector<Dispatch> fma_lower(Lower& c) {
  static const Kernel kernel = make_kernel("fma_ceiling", kFmaCeiling);
  const uint32_t rounds = c.caps.software ? 2000 : 20000;
  constexpr uint64_t kInvocations = kFmaGroups * 64, kChains = 16, kRepeats = 4;
  return {{.kernel = &kernel,
           .tensors = {c.y()},
           .spec = FmaSpec{},
           .params = FmaParams{rounds},
           .groups = kFmaGroups,
           .cost = {4 * kInvocations, kInvocations * rounds * kRepeats * kChains * 2}}};
}
const OpDef kFma = {"fma_ceiling", fma_infer, nullptr, fma_lower};

double bytes_a_second(const Device& device, int64_t elements) {
  Graph graph;
  const Value y = identity(graph.input("x", {{elements}, DType::f32}));
  const auto session = device.open(graph);
  fill_inputs(*session, graph, 1);
  const auto program = session->compile({.targets = {y}, .fuse = false});
  return static_cast<double>(program->summary().bytes) / seconds_of(*program, device.info());
}

double flops_a_second(const Device& device) {
  Graph graph;
  const Value y = graph.add_all(kFma, {})[0];
  const auto session = device.open(graph);
  const auto program = session->compile({.targets = {y}});
  return static_cast<double>(program->summary().flops) / seconds_of(*program, device.info());
}

double seconds_a_launch(const Device& device, bool chained) {
  Graph graph;
  const Value x = graph.input("x", {{64}, DType::f32});
  std::vector<Value> targets;
  for (int i = 0; i < kLaunches; ++i) targets.push_back(identity(chained && i ? targets.back() : x));
  const auto session = device.open(graph);
  const auto program = session->compile({.targets = targets, .fuse = false});
  return seconds_of(*program, device.info()) / kLaunches;
}

template <typename Action>
double median_wall(const Action& action) {
  std::vector<double> times;
  for (int i = 0; i < 101; ++i) {
    const double start = wall();
    action();
    times.push_back(wall() - start);
  }
  std::ranges::nth_element(times, times.begin() + 50);
  return times[50];
}

}  // namespace

double Stopwatch::now() const { return processor_ ? static_cast<double>(std::clock()) / CLOCKS_PER_SEC : wall(); }

double seconds_of(Program& program, const DeviceInfo& device) {
  const Stopwatch watch(device);
  const auto timed = [&](uint32_t runs) {
    const double start = watch.now();
    require_ok(program.run(runs));
    require_ok(program.wait());
    return watch.now() - start;
  };
  timed(2);
  const auto runs = static_cast<uint32_t>(std::clamp(kRoundSeconds / std::max(timed(1), 1e-7), 1.0, 2000.0));
  std::vector<double> seconds;
  for (int i = 0; i < kRounds; ++i) seconds.push_back(timed(runs) / runs);
  std::ranges::nth_element(seconds, seconds.begin() + kRounds / 2);
  return seconds[kRounds / 2];
}

void fill_inputs(Session& session, Graph& graph, int64_t integers) {
  std::mt19937 random(7);
  for (size_t id = 0; id < graph.values().size(); ++id) {
    const Value value{&graph, static_cast<int>(id)};
    if (graph.info(value).role != Role::input) continue;
    std::vector<uint32_t> words((value.desc().bytes() + 3) / 4);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (uint32_t& word : words) {
      switch (value.dtype()) {
        case DType::f32: word = std::bit_cast<uint32_t>(uniform(random)); break;
        case DType::f16: word = (random() & 0x83ff83ffu) | 0x38003800u; break;  // 0.5 to 1, of either sign
        case DType::bf16: word = (random() & 0x807f807fu) | 0x3f003f00u; break;
        case DType::i32: word = static_cast<uint32_t>(random() % static_cast<uint64_t>(integers)); break;
        default: word = random();
      }
    }
    session.write(value, std::as_bytes(std::span(words)).first(value.desc().bytes()));
  }
}

Ceilings measure_ceilings(const Device& device) {
  Ceilings c{.far_bytes = bytes_a_second(device, kFarElements),
             .near_bytes = bytes_a_second(device, kNearElements),
             .flops = flops_a_second(device),
             .chained = seconds_a_launch(device, true),
             .independent = seconds_a_launch(device, false)};
  Graph graph;
  const Value x = graph.input("x", {{1}, DType::f32});
  const Value y = identity(x);
  const auto session = device.open(graph);
  const auto program = session->compile({.targets = {y}, .fuse = false});
  require_ok(program->run());
  c.submit = median_wall([&] {
    require_ok(program->run());
    require_ok(program->wait());
  });
  std::array<std::byte, 4> word{};
  c.read = median_wall([&] { program->read(y, word); });
  return c;
}

Limit limit_of(const PlanSummary& cost, const Ceilings& c) {
  // What fits the cache of a copy that does is held to that copy's rate.
  const auto bytes = static_cast<double>(cost.bytes);
  const bool near = cost.bytes <= 2 * 4 * kNearElements;
  const Limit limits[] = {{bytes / (near ? std::max(c.near_bytes, c.far_bytes) : c.far_bytes), "memory"},
                          {static_cast<double>(cost.flops) / c.flops, "arithmetic"},
                          {static_cast<double>(cost.barriers + 1) * c.chained +
                               static_cast<double>(cost.dispatches - cost.barriers - 1) * c.independent,
                           "launches"}};
  return *std::ranges::max_element(limits, {}, &Limit::seconds);
}

}  // namespace lemnos::tool
