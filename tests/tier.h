// LEMNOS_TIER: how much of what is long a test does. Without it a test does what continuous integration has time for.
#pragma once

#include <cstdlib>
#include <string_view>

namespace lemnos {

inline std::string_view tier() {
  const char* said = std::getenv("LEMNOS_TIER");
  return said ? said : "";
}
/// All of it: a run by hand.
inline bool whole_tier() { return tier() == "whole"; }

}  // namespace lemnos
