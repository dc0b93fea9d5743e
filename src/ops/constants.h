// Whole numbers that are known when the graph is built, as a constant for gather().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lemnos/graph.h"

namespace lemnos::ops {

inline Value whole_numbers(Graph& graph, const Shape& shape, std::span<const int32_t> numbers) {
  return graph.constant({shape, DType::i32}, std::as_bytes(numbers));
}

}  // namespace lemnos::ops
