#include "ops/proofs.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "lemnos/ops.h"

namespace lemnos {

namespace {

// Small whole numbers in no order: sums of their products are exact in every dtype that holds 2^8.
Value whole_numbers(Graph& graph, const Shape& shape, int64_t most, DType dtype = DType::f32) {
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(
        static_cast<int64_t>((i * 7 + i / 5 * 3 + i / 11) % static_cast<size_t>(2 * most + 1)) - most);
  const Value v = graph.constant(shape, values);
  return dtype == DType::f32 ? v : cast(v, dtype);
}

// A B, A B^T and A^T B, whose extents leave a rest in every tile.
std::vector<Value> three_products(Graph& graph, DType dtype) {
  constexpr int64_t m = 70, n = 88, k = 56;
  const auto x = [&](int64_t rows, int64_t columns) { return whole_numbers(graph, {rows, columns}, 1, dtype); };
  std::vector<Value> results = {matmul(x(m, k), x(k, n)), matmul(x(m, k), x(n, k), {.transpose_b = true}),
                                matmul(x(k, m), x(k, n), {.transpose_a = true})};
  if (dtype != DType::f32)
    for (Value& v : results) v = cast(v, DType::f32);
  return results;
}

// Quotients, roots, products and sums of numbers with all their digits, over 2^-20 to 2^20.
std::vector<Value> rounded_results(Graph& graph) {
  constexpr int64_t count = 4096;
  const auto numbers = [&](uint32_t seed) {
    std::vector<float> values(count);
    for (float& value : values) {
      seed = seed * 1664525u + 1013904223u;
      const int exponent = static_cast<int>(seed >> 8) % 41 - 20;
      seed = seed * 1664525u + 1013904223u;
      value = std::ldexp(1.f + static_cast<float>(seed >> 9) * 0x1p-23f, exponent);
    }
    return graph.constant({count}, values);
  };
  const Value a = numbers(1), b = numbers(2);
  return {a / b, sqrt(a), a * b, a + b, a - b, reciprocal(b)};
}

bool is_of(std::string_view kernel, std::string_view dtype) {
  // "unary.f16.epilogue" or "matmul_tiled.f16", and not the packed "f16p"
  for (size_t at = kernel.find('.'); at != kernel.npos; at = kernel.find('.', at + 1)) {
    const std::string_view word = kernel.substr(at + 1, kernel.find('.', at + 1) - at - 1);
    if (word == dtype) return true;
  }
  return false;
}
bool is_matrix_unit(std::string_view kernel) { return kernel.find("cooperative") != kernel.npos; }

void drop_shapes(DeviceCaps& caps, DType operands) {
  std::erase_if(caps.matrix_shapes, [&](const DeviceCaps::MatrixShape& s) { return s.operands == operands; });
  caps.cooperative_matrix = !caps.matrix_shapes.empty();
}

const Proof kProofs[] = {
    {.name = "matrix-f16",
     .uses = [](std::string_view kernel) { return is_matrix_unit(kernel) && is_of(kernel, "f16"); },
     .amend = [](DeviceCaps& caps) { drop_shapes(caps, DType::f16); },
     .force_variant = "matmul=cooperative",
     .build = [](Graph& graph) { return three_products(graph, DType::f16); }},
    {.name = "matrix-bf16",
     .uses = [](std::string_view kernel) { return is_matrix_unit(kernel) && is_of(kernel, "bf16"); },
     .amend = [](DeviceCaps& caps) { drop_shapes(caps, DType::bf16); },
     .force_variant = "matmul=cooperative",
     .build = [](Graph& graph) { return three_products(graph, DType::bf16); }},
    {.name = "subgroup-broadcast",
     .uses = [](std::string_view kernel) { return is_of(kernel, "broadcast"); },
     .amend = [](DeviceCaps& caps) { caps.fast_broadcast = false; },
     .force_variant = "matmul=broadcast",
     .build = [](Graph& graph) { return three_products(graph, DType::f32); }},
    {.name = "subgroup-reduce",
     .uses = [](std::string_view kernel) { return is_of(kernel, "subgroup"); },
     .amend = [](DeviceCaps& caps) { caps.subgroup_arithmetic = caps.fast_broadcast = false; },
     .force_variant = "subgroup",
     .build =
         [](Graph& graph) {
           const Value x = whole_numbers(graph, {37, 193}, 9);
           return std::vector<Value>{sum(x, {1}), reduce_max(x, {1}), reduce_min(x, {1})};
         }},
    {.name = "16-bit-storage",
     .uses = [](std::string_view kernel) { return is_of(kernel, "f16") || is_of(kernel, "bf16"); },
     .amend = [](DeviceCaps& caps) { caps.storage16 = false; },
     .force_variant = "",
     .build =
         [](Graph& graph) {
           const Value x = whole_numbers(graph, {1021}, 120) * .25f;
           return std::vector<Value>{cast(-cast(x, DType::f16), DType::f32), cast(-cast(x, DType::bf16), DType::f32)};
         }},
    {.name = "ieee-rounding",
     .uses = [](std::string_view) { return true; },
     .amend = [](DeviceCaps&) {},
     .force_variant = "",
     .build = rounded_results,
     .across_devices = true},
};

}  // namespace

std::span<const Proof> proofs() { return kProofs; }

}  // namespace lemnos
