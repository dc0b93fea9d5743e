// A fuzz target out of one expression over `bytes` and `name`: it may throw lemnos::Error, naming the file, and nothing
// else.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>

#include "lemnos/error.h"

#define FUZZ_READER(expression)                                             \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    const std::span<const uint8_t> bytes(data, size);                       \
    const std::string name = "fuzz";                                        \
    try {                                                                   \
      expression;                                                           \
    } catch (const lemnos::Error& error) {                                  \
      if (!std::string(error.what()).starts_with("fuzz: ")) {               \
        std::cerr << "message without the file: " << error.what() << '\n';  \
        std::abort();                                                       \
      }                                                                     \
    }                                                                       \
    return 0;                                                               \
  }
