// How much memory a program of tests asks for, and how often.
#pragma once

#include <cstddef>

namespace lemnos::train_tests {

/// Bytes that `new` was asked for since the start, by everybody in this program, which must contain allocations.cpp.
size_t bytes_allocated();
/// How often this thread has called `new`. A driver's own threads are not counted.
size_t allocations_here();

}  // namespace lemnos::train_tests
