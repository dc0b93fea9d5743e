// Part of a tensor.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct SliceAttrs {
  std::vector<int64_t> begin;
  std::vector<int64_t> end;

  void visit(auto&& f) { f("begin", begin), f("end", end); }
};

namespace reference {
void slice(const Reference& c);
}  // namespace reference

}  // namespace lemnos
