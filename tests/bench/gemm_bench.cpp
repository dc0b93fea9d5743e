// Products against the device's multiply-add rate in the same run: GFLOP a second (on a software device: a second of
// processor time, which a busy machine does not stretch), and the share of the ceiling.
// Usage: lemnos_gemm_bench [DEVICE [VARIANT]]; without VARIANT the one that the library chooses.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "lemnos/session.h"

namespace {
#include "fma_ceiling.spv.h"

using namespace lemnos;

struct Product {
  const char* name;
  int64_t m, k, n;
  bool transpose_a, transpose_b;
};
constexpr Product kProducts[] = {
    {"NN 512", 512, 512, 512, false, false},
    {"NT 512", 512, 512, 512, false, true},
    {"TN 512", 512, 512, 512, true, false},
    {"NN 1024", 1024, 1024, 1024, false, false},
    {"NT 1024", 1024, 1024, 1024, false, true},
    {"TN 1024", 1024, 1024, 1024, true, false},
    {"NN 1021", 1021, 1021, 1021, false, false},
    {"MNIST forward 128x784 -> 512", 128, 784, 512, false, true},
    {"MNIST dW of 512x784", 512, 128, 784, true, false},
    {"MNIST dx of 512x512", 128, 512, 512, false, false},
    {"MNIST forward 128x512 -> 10", 128, 512, 10, false, true},
    {"MNIST dW of 10x512", 10, 128, 512, true, false},
    {"MNIST dx of 10x512", 128, 10, 512, false, false},
};

struct CeilingSpec {
  uint32_t workgroup_size = 64;
};
struct CeilingParams {
  uint32_t rounds = 20000;
};
constexpr int64_t kCeilingInvocations = 64 * 64;

std::vector<TensorDesc> ceiling_infer(const Infer&) { return {{Shape{kCeilingInvocations}, DType::f32}}; }
std::vector<Dispatch> ceiling_lower(Lower& c) {
  static const Kernel kernel{"fma_ceiling", kFmaCeiling};
  const CeilingParams params;
  const auto invocations = static_cast<uint64_t>(kCeilingInvocations);
  return {{.kernel = &kernel,
           .tensors = {c.y()},
           .spec = CeilingSpec{},
           .params = params,
           .groups = invocations / 64,
           .cost = {4 * invocations, invocations * params.rounds * 4 * 16 * 2}}};
}
const OpDef kCeiling = {"fma_ceiling", ceiling_infer, nullptr, ceiling_lower};

// Uniform random numbers: a driver or a processor may be quicker with zeros.
void fill(Session& session, Value v) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(static_cast<size_t>(v.desc().elements()));
  for (float& x : values) x = uniform(random);
  session.write(v, values);
}

/// Median GFLOP a second over several submissions.
double rate(Session& session, Value y, const std::string& variant) {
  auto program = session.compile({.targets = {y}, .force_variant = variant.empty() ? "" : "matmul=" + variant});
  const auto flops = static_cast<double>(program->summary().flops);
  const bool software = session.info().type == DeviceType::software;
  const auto now = [&] {
    if (software) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  const auto timed = [&](uint32_t runs) {
    const double start = now();
    if (program->run(runs) != Status::ok || program->wait() != Status::ok) return 1e9;
    return now() - start;
  };
  timed(2);
  const auto runs = static_cast<uint32_t>(std::clamp(0.05 / std::max(timed(1), 1e-6), 1.0, 500.0));
  std::vector<double> seconds;
  for (int i = 0; i < 7; ++i) seconds.push_back(timed(runs) / runs);
  std::ranges::sort(seconds);
  return flops / seconds[seconds.size() / 2] / 1e9;
}

double measure(const Device& device, const Product& p, const std::string& variant) {
  Graph graph;
  const Value a = graph.input("a", {p.transpose_a ? Shape{p.k, p.m} : Shape{p.m, p.k}});
  const Value b = graph.input("b", {p.transpose_b ? Shape{p.n, p.k} : Shape{p.k, p.n}});
  const Value y = matmul(a, b, {.transpose_a = p.transpose_a, .transpose_b = p.transpose_b});
  auto session = device.backend().open(graph);
  fill(*session, a);
  fill(*session, b);
  return rate(*session, y, variant);
}

double measure_ceiling(const Device& device) {
  Graph graph;
  const Value y = graph.add_all(kCeiling, {})[0];
  return rate(*device.backend().open(graph), y, "");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Device device = argc > 1 && argv[1][0] ? Device::find(argv[1]) : Device::best();
    const std::string variant = argc > 2 ? argv[2] : "";
    const double ceiling = measure_ceiling(device);
    std::printf("%s, %s; %s\nmultiply-add ceiling %.1f GFLOP/s%s\n", device.info().name.c_str(),
                device.info().driver_version.c_str(), variant.empty() ? "the library's choice" : variant.c_str(),
                ceiling, device.info().type == DeviceType::software ? " of processor time" : "");
    for (const Product& p : kProducts) {
      const double gflops = measure(device, p, variant);
      std::printf("%-30s %8.1f GFLOP/s  %3.0f %%\n", p.name, gflops, 100 * gflops / ceiling);
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
