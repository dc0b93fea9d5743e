// What shows that a device does something right before anything else uses it: a small graph whose results every
// right way of computing them gives alike.
#pragma once

#include <string_view>
#include <vector>

#include "lemnos/device.h"
#include "lemnos/graph.h"

namespace lemnos {

struct Proof {
  const char* name;                       // "matrix-f16"
  bool (*uses)(std::string_view kernel);  // launches of such kernels wait for the proof
  void (*amend)(DeviceCaps&);             // removes the capability if the results are wrong
  const char* force_variant;              // as in CompileOptions; "" if every variant uses the tested feature
  /// The values to be compared; everything they need is constant.
  std::vector<Value> (*build)(Graph&);
  bool across_devices = false;  // Determinism::across_devices alone needs it, and is refused if the results are wrong
};

}  // namespace lemnos
