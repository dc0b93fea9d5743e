// What is measured: ops at standard shapes, and whole training steps. One list for `lemnos bench` on every device.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lemnos/session.h"

namespace lemnos::tool {

/// A program that is ready to run, with what it needs kept alive.
struct Running {
  std::shared_ptr<void> alive;
  Program* program = nullptr;
};

/// How the kernels' variants are chosen: as in CompileOptions.
struct Choices {
  std::string variant;
  Tuning* tuning = nullptr;
  double tune_seconds = 0;
};

struct Workload {
  std::string group;  // "product", "elementwise", "step", ..
  std::string name;
  /// The targets, in a graph that is given; empty for a step, which a Trainer builds.
  std::function<std::vector<Value>(Graph&)> build;
  std::function<Running(const Device&, const Choices&)> open;
};

/// y = op(A) op(B), as `lemnos bench gemm` and the products of the list.
struct Product {
  int64_t m = 512, n = 512, k = 512;
  bool transpose_a = false, transpose_b = false;
  DType dtype = DType::f32;
};
Workload product(std::string name, const Product& p);

std::vector<Workload> op_workloads();
std::vector<Workload> step_workloads();

}  // namespace lemnos::tool
