// Rows by their indices.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct GatherAttrs {
  double scale = 1;
  double shift = 0;
  double fill = 0;  // of rows that there are not

  void visit(auto&& f) { f("scale", scale), f("shift", shift), f("fill", fill); }
};

struct ScatterAttrs {
  int64_t rows = 0;

  void visit(auto&& f) { f("rows", rows, kRequired); }
};

namespace reference {
void gather(const Reference& c);
void scatter(const Reference& c);  // scatter_add, scatter_max, scatter_min, scatter_multiply
}  // namespace reference

}  // namespace lemnos
