// Normalisation over rows: layer, RMS and group normalisation.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct LayerNormAttrs {
  int64_t axes = 1;  // how many trailing ones make a row
  double eps = 1e-5;

  void visit(auto&& f) { f("axes", axes), f("eps", eps); }
};

struct GroupNormAttrs {
  int64_t groups = 1;
  double eps = 1e-5;

  void visit(auto&& f) { f("groups", groups), f("eps", eps); }
};

/// The division of x into rows and channels, for the backward ops.
struct RowNormAttrs {
  int64_t cols = 0;
  int64_t inner = 0;
  int64_t channels = 0;
  bool centred = true;
  bool per_column = true;
  double eps = 1e-5;

  void visit(auto&& f) {
    f("cols", cols, kRequired), f("inner", inner, kRequired), f("channels", channels, kRequired), f("centred", centred),
        f("per_column", per_column), f("eps", eps);
  }
};

namespace reference {
/// That of a forward op, which says it by axes or groups.
RowNormAttrs row_norm_form(std::string_view op, const Attrs& attrs, const Shape& x);

void row_norm(const Reference& c);
void row_norm_backward(const Reference& c);
void row_norm_parameters(const Reference& c);
}  // namespace reference

}  // namespace lemnos
