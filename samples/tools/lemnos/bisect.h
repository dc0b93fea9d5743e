// lemnos check --bisect: the first launch of a network whose result is not the reference's.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "lemnos/session.h"

namespace lemnos::tool {

struct BisectOptions {
  std::string network;    // a row of `lemnos bench`: its group and name have this in them
  std::string out;        // the folder for what fails
  int64_t left_out = -1;  // a launch that is not done, to see that this is found
  bool json = false;
};

/// Runs the network's launches one after the other. Before each node its inputs are read from the device, and the
/// reference computes its results from them, so an error counts where it is made and not where it arrives. The first
/// node with a wrong result ends the search; its launches are written as a folder (repro.h). Returns 1 then.
int bisect(const Device& device, const BisectOptions& options);

}  // namespace lemnos::tool
