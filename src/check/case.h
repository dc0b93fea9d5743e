// The cases of Lemnos's own ops. Files in tests/ops list them and nothing else; everything that can be done with one is
// in runner.h.
#pragma once

#include "lemnos/check.h"

/// `LEMNOS_OP_CASES(softmax) { cases.add({.op = "softmax", ...}); }`: the generated table of tests/ops finds it by the
/// word.
#define LEMNOS_OP_CASES(word)      \
  namespace lemnos::check {        \
  void word##_cases(Cases& cases); \
  }                                \
  void lemnos::check::word##_cases([[maybe_unused]] Cases& cases)
