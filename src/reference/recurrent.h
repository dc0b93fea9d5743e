// One step of an LSTM and of a GRU, and their gradients.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct LstmBackwardAttrs {
  bool has_dh = true;
  bool has_dc = false;

  void visit(auto&& f) { f("has_dh", has_dh), f("has_dc", has_dc); }
};

namespace reference {
void lstm_cell(const Reference& c);
void lstm_cell_backward(const Reference& c);
void gru_cell(const Reference& c);
void gru_cell_backward(const Reference& c);
}  // namespace reference

}  // namespace lemnos
