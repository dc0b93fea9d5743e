// lemnos bench host: what the host pays. From nothing to the first step, and for a step that is only replayed.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "lemnos/lemnos.hpp"
#include "measure.h"
#include "ops/rewrites.h"
#include "plan/plan.h"
#include "shaders/kernels.h"

namespace lemnos::tool {

namespace {

using Json = nlohmann::ordered_json;

constexpr uint32_t kSteps = 1000;

double wall_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct HostCosts {
  double open_ms = 0;     // loader, instance, device
  double compile_ms = 0;  // graph, plan, memory, pipelines, recording, the data set's upload
  double first_ms = 0;    // the first step and its metrics
  double replay_us = 0;   // of a step, while handing over many
  size_t dispatches = 0;  // of a step
  uint64_t submits = 0;   // for kSteps steps
  uint64_t pipelines = 0;
  double predict_us = 0;    // a row in, run, its outputs out: the median
  double plan_100_ms = 0;   // processor time from nothing to the plan of a step through 100 layers of Linear and ReLU
  double plan_1000_ms = 0;  // through 1,000
  double start_ms() const { return open_ms + compile_ms + first_ms; }
};

double predict_us(Trainer& trainer) {
  Predictor predictor(trainer, 64);
  std::vector<double> times;
  for (int i = 0; i < 201; ++i) {
    const double start = wall_ms();
    if (predictor.run(1) != Status::ok) throw Error(ErrorCode::device_lost, "bench: predict");
    (void)predictor.output();
    times.push_back((wall_ms() - start) * 1e3);
  }
  std::ranges::nth_element(times, times.begin() + 100);
  return times[100];
}

// Graph, gradients, optimizer and plan of a deep and narrow network.
double plan_ms(int layers, const DeviceCaps& caps) {
  const std::clock_t start = std::clock();
  Graph graph;
  const nn::Scope scope(graph, step_state(graph), true, 1);
  Value x = graph.input("x", {{16, 8}, DType::f32});
  for (int i = 0; i < layers; ++i) x = relu(nn::Linear{.out = 8}(scope.nested(std::to_string(i)), x));
  place_gradients(mean(square(x)));
  const optim::Optimizer adam = optim::Adam{};
  PlanOptions options{.rewrites = {rewrites().begin(), rewrites().end()}, .find_kernel = find_kernel};
  options.needs.targets = {optim::apply(graph, adam).id(),
                           advance_step(step_state(graph), optim::advance_options(adam)).id()};
  (void)make_plan(graph, caps, options);
  return 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

// The least of a few in a row: what else the processor does only adds, and from the second on all find memory that the
// process has already.
double least_plan_ms(int layers, const DeviceCaps& caps) {
  double least = plan_ms(layers, caps);
  for (int again = 0; again < 6; ++again) least = std::min(least, plan_ms(layers, caps));
  return least;
}

HostCosts measure_bench_host(const std::string& selector, DeviceInfo& info) {
  HostCosts costs;
  const data::Split data = data::digits(640, 1);
  const double begin = wall_ms();
  const Device device = Device::find(selector);
  const double opened = wall_ms();
  Trainer trainer{device, nn::sequential({nn::Flatten{}, nn::Linear{.out = 128}, nn::Relu{}, nn::Linear{.out = 10}})};
  trainer.begin(data.train, 64);
  const double compiled = wall_ms();
  trainer.step();
  const double stepped = wall_ms();
  costs = {.open_ms = opened - begin, .compile_ms = compiled - opened, .first_ms = stepped - compiled};

  const std::shared_ptr<Program> held = trainer.step_program();
  Program& program = *held;
  const DeviceCounters before = trainer.session().counters();
  const double start = wall_ms();
  if (program.run(kSteps) != Status::ok) throw Error(ErrorCode::device_lost, "bench: run");
  costs.replay_us = (wall_ms() - start) * 1e3 / kSteps;
  const DeviceCounters after = trainer.session().counters();
  (void)program.wait();
  costs.submits = after.submits - before.submits;
  costs.pipelines = before.pipelines;
  costs.dispatches = program.summary().dispatches;
  costs.predict_us = predict_us(trainer);
  costs.plan_100_ms = least_plan_ms(100, device.info().caps);
  costs.plan_1000_ms = least_plan_ms(1000, device.info().caps);
  info = device.info();
  return costs;
}

}  // namespace

int bench_host(const std::string& selector, bool json) {
  DeviceInfo d;
  const HostCosts c = measure_bench_host(selector, d);
  if (json) {
    const Json out{{"device", d.name},
                   {"driver", d.driver},
                   {"driver_version", d.driver_version},
                   {"open_milliseconds", c.open_ms},
                   {"compile_milliseconds", c.compile_ms},
                   {"first_step_milliseconds", c.first_ms},
                   {"pipelines", c.pipelines},
                   {"dispatches", c.dispatches},
                   {"replayed_step_microseconds", c.replay_us},
                   {"submits_for_1000_steps", c.submits},
                   {"predicted_row_microseconds", c.predict_us},
                   {"plan_100_layers_milliseconds", c.plan_100_ms},
                   {"plan_1000_layers_milliseconds", c.plan_1000_ms}};
    std::printf("%s\n", out.dump(2).c_str());
    return 0;
  }
  std::printf("%s, %s %s; 784-128-10, batch 64, Adam\n", d.name.c_str(), d.driver.c_str(), d.driver_version.c_str());
  std::printf("start to first step  %8.1f ms: device %.1f, graph to recording %.1f (%llu pipelines), step %.1f\n",
              c.start_ms(), c.open_ms, c.compile_ms, static_cast<unsigned long long>(c.pipelines), c.first_ms);
  std::printf("a replayed step      %8.2f us of the host, %zu dispatches; %u steps in %llu submits\n", c.replay_us,
              c.dispatches, kSteps, static_cast<unsigned long long>(c.submits));
  std::printf("a predicted row      %8.2f us, from its features to its outputs\n", c.predict_us);
  std::printf("a plan               %8.1f ms of the processor for 100 layers, %.1f for 1,000: %.1f times\n",
              c.plan_100_ms, c.plan_1000_ms, c.plan_1000_ms / c.plan_100_ms);
  return 0;
}

}  // namespace lemnos::tool
