// How much memory a program of tests asks for.
#pragma once

#include <cstddef>

namespace lemnos::train_tests {

/// Bytes that `new` was asked for since the start, by everybody in this program, which must contain allocations.cpp.
size_t bytes_allocated();

}  // namespace lemnos::train_tests
