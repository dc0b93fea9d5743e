// What Muon does beside its products.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct MuonAttrs {
  std::vector<int64_t> blocks;  // what `places` holds
  int64_t rows = 0;
  int64_t columns = 0;
  double momentum = .95;
  bool nesterov = true;
  double clip_value = 0;  // 0: no clipping
  double lr = .02;
  double scale = 1;
  double weight_decay = 0;

  void visit(auto&& f) {
    f("blocks", blocks, kRequired), f("rows", rows, kRequired), f("columns", columns, kRequired),
        f("momentum", momentum), f("nesterov", nesterov), f("clip_value", clip_value), f("lr", lr), f("scale", scale),
        f("weight_decay", weight_decay);
  }
};

namespace reference {
void muon_direction(const Reference& c);
void muon_update(const Reference& c);
}  // namespace reference

}  // namespace lemnos
