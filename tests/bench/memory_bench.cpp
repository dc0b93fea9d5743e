// Memory-bound ops against a copy on the same device in the same run: bytes moved a second (on a software device: a
// second of processor time, which a busy machine does not stretch), and the share of what the copy reaches. A tool, not
// a test. Usage: lemnos_memory_bench [DEVICE [WORD]]; WORD keeps the rows whose name has it.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "lemnos/ops.h"
#include "lemnos/session.h"

namespace {

using namespace lemnos;
using Build = std::function<Value(Graph&)>;

struct Row {
  std::string name;
  Build build;
};

Value input(Graph& g, const char* name, const Shape& shape, DType dtype = DType::f32) {
  return g.input(name, {shape, dtype});
}

// Pairs of ones and fractions: no denormals, no NaN, in any dtype that is read as these bits.
void fill(Session& session, const Graph& graph) {
  for (size_t id = 0; id < graph.values().size(); ++id) {
    const ValueInfo& info = graph.values()[id];
    if (info.role != Role::input) continue;
    std::vector<std::byte> bytes(info.desc.bytes());
    const bool half = size_of(info.desc.dtype) == 2;
    uint32_t word = info.desc.dtype == DType::i32 ? 3u : half ? 0x3c003a00u : 0x3f800000u;
    for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      if (info.desc.dtype == DType::i32) word = static_cast<uint32_t>(i / 4 * 7919 % 1000);
      std::copy_n(reinterpret_cast<const std::byte*>(&word), 4, bytes.begin() + static_cast<ptrdiff_t>(i));
      if (info.desc.dtype == DType::f32) word = 0x3f800000u + static_cast<uint32_t>(i * 2654435761u >> 10);
    }
    session.write({const_cast<Graph*>(&graph), static_cast<int>(id)}, bytes);
  }
}

// Median gigabytes a second over several submissions of several runs.
double rate(const Device& device, const Build& build) {
  Graph graph;
  const Value y = build(graph);
  auto session = device.backend().open(graph);
  auto program = session->compile({.targets = {y}, .fuse = false});
  fill(*session, graph);
  const double bytes = static_cast<double>(program->summary().bytes);
  const bool software = device.info().type == DeviceType::software;
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
  const auto runs = static_cast<uint32_t>(std::clamp(0.05 / timed(1), 1.0, 500.0));
  std::vector<double> seconds;
  for (int i = 0; i < 7; ++i) seconds.push_back(timed(runs) / runs);
  std::ranges::sort(seconds);
  return bytes / seconds[seconds.size() / 2] / 1e9;
}

std::vector<Row> arithmetic_rows() {
  const Shape big{1024, 2048}, odd{1023, 2047};
  const auto x = [](Graph& g, const Shape& s) { return input(g, "x", s); };
  const auto h = [](Graph& g, const Shape& s) { return input(g, "x", s, DType::f16); };
  return {
      {"copy", [=](Graph& g) { return identity(x(g, big)); }},
      {"add", [=](Graph& g) { return x(g, big) + input(g, "b", big); }},
      {"add odd", [=](Graph& g) { return x(g, odd) + input(g, "b", odd); }},
      {"add f16", [=](Graph& g) { return h(g, big) + input(g, "b", big, DType::f16); }},
      {"add scalar", [=](Graph& g) { return x(g, big) + input(g, "b", {}); }},
      {"add row", [=](Graph& g) { return x(g, big) + input(g, "b", {2048}); }},
      {"add row of 10",
       [=](Graph& g) {
         return x(g, {200000, 10}) + input(g, "b", {10});
       }},
      {"add row odd", [=](Graph& g) { return x(g, odd) + input(g, "b", {2047}); }},
      {"add column",
       [=](Graph& g) {
         return x(g, big) + input(g, "b", {1024, 1});
       }},
      {"add general",
       [=](Graph& g) {
         return x(g, {32, 1, 64, 32}) + input(g, "b", {32, 1, 32});
       }},
      {"where", [=](Graph& g) { return where(x(g, big), input(g, "a", big), input(g, "b", big)); }},
      {"sum all", [=](Graph& g) { return sum(x(g, big)); }},
      {"sum rows", [=](Graph& g) { return sum(x(g, big), {1}); }},
      {"sum rows odd", [=](Graph& g) { return sum(x(g, odd), {1}); }},
      {"sum rows f16", [=](Graph& g) { return sum(h(g, big), {1}); }},
      {"sum rows of 10",
       [=](Graph& g) {
         return sum(x(g, {200000, 10}), {1});
       }},
      {"sum rows of 100",
       [=](Graph& g) {
         return sum(x(g, {20000, 100}), {1});
       }},
      {"sum columns", [=](Graph& g) { return sum(x(g, big), {0}); }},
      {"sum columns odd", [=](Graph& g) { return sum(x(g, odd), {0}); }},
      {"sum columns of 10",
       [=](Graph& g) {
         return sum(x(g, {200000, 10}), {0});
       }},
      {"sum channels",
       [=](Graph& g) {
         return sum(x(g, {32, 64, 32, 32}), {0, 2, 3});
       }},
      {"max rows", [=](Graph& g) { return reduce_max(x(g, big), {1}); }},
      {"argmax rows", [=](Graph& g) { return argmax(x(g, big)); }},
      {"argmax rows of 10",
       [=](Graph& g) {
         return argmax(x(g, {200000, 10}));
       }},
  };
}

std::vector<Row> moving_rows() {
  const Shape big{1024, 2048}, odd{1023, 2047};
  const auto x = [](Graph& g, const Shape& s) { return input(g, "x", s); };
  const auto h = [](Graph& g, const Shape& s) { return input(g, "x", s, DType::f16); };
  return {
      {"broadcast_to row", [=](Graph& g) { return broadcast_to(x(g, {2048}), big); }},
      {"slice",
       [=](Graph& g) {
         return slice(x(g, {1100, 2148}), {10, 100}, {1034, 2148});
       }},
      {"slice odd",
       [=](Graph& g) {
         return slice(x(g, {1100, 2148}), {10, 99}, {1034, 2146});
       }},
      {"pad",
       [=](Graph& g) {
         return pad(x(g, big), {0, 4}, {0, 4});
       }},
      {"pad image",
       [=](Graph& g) {
         return pad(x(g, {32, 64, 32, 32}), {0, 0, 1, 1}, {0, 0, 1, 1});
       }},
      {"concat",
       [=](Graph& g) {
         return concat(std::vector{x(g, {1024, 1024}), input(g, "b", {1024, 1024})}, 1);
       }},
      {"transpose", [=](Graph& g) { return transpose(x(g, big)); }},
      {"transpose odd", [=](Graph& g) { return transpose(x(g, odd)); }},
      {"transpose f16", [=](Graph& g) { return transpose(h(g, big)); }},
      {"heads",
       [=](Graph& g) {
         return permute(x(g, {8, 256, 16, 64}), {0, 2, 1, 3});
       }},
      {"NCHW to NHWC",
       [=](Graph& g) {
         return permute(x(g, {32, 64, 32, 32}), {0, 2, 3, 1});
       }},
      {"gather rows",
       [=](Graph& g) {
         return gather(x(g, {1000, 784}), input(g, "i", {2048}, DType::i32));
       }},
      {"gather bytes",
       [=](Graph& g) {
         return gather(input(g, "x", {1000, 784}, DType::u8), input(g, "i", {2048}, DType::i32), {.scale = 1.f / 255});
       }},
      {"scatter_add",
       [=](Graph& g) {
         return scatter_add(x(g, {4096, 256}), input(g, "i", {4096}, DType::i32), 1000);
       }},
      {"cast to f16", [=](Graph& g) { return cast(x(g, big), DType::f16); }},
      {"cast from f16", [=](Graph& g) { return cast(h(g, big), DType::f32); }},
  };
}

std::vector<Row> rows() {
  std::vector<Row> all = arithmetic_rows();
  for (Row& row : moving_rows()) all.push_back(std::move(row));
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  const Device device = argc > 1 ? Device::find(argv[1]) : Device::best();
  const std::string word = argc > 2 ? argv[2] : "";
  std::printf("%s, %s\n%-20s %8s %8s\n", device.info().name.c_str(), device.info().driver_version.c_str(), "op", "GB/s",
              "of copy");
  const double copy = rate(device, rows()[0].build);
  for (const Row& row : rows()) {
    if (row.name != "copy" && row.name.find(word) == std::string::npos) continue;
    const double r = rate(device, row.build);
    std::printf("%-20s %8.2f %7.0f%%\n", row.name.c_str(), r, 100 * r / copy);
  }
  return 0;
}
