// What a test of a mistake asks for.
#pragma once

#include <gtest/gtest.h>

#include "lemnos/error.h"

namespace lemnos {

/// Calls `function` and returns the Error it threw; fails the test when it threw none.
template <typename Function>
Error error_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return Error(ErrorCode::internal, "none");
}

}  // namespace lemnos
