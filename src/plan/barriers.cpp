#include <algorithm>

#include "plan/plan.h"

namespace lemnos {

namespace {

bool overlap(const Location& a, const Location& b) {
  return a.arena == b.arena && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

}  // namespace

void place_barriers(std::span<PlannedDispatch> dispatches, std::span<const PlannedLoop> loops) {
  std::vector<Location> read, written;  // since the last barrier
  const auto touches = [](const std::vector<Location>& ranges, const Location& where) {
    return std::ranges::any_of(ranges, [&](const Location& range) { return overlap(range, where); });
  };
  for (const Launch& launch : launches_of(dispatches, loops, true)) {
    PlannedDispatch& dispatch = dispatches[static_cast<size_t>(launch.dispatch)];
    // A barrier that a later iteration needs is recorded before every iteration.
    dispatch.barrier_before =
        dispatch.barrier_before || std::ranges::any_of(dispatch.accesses, [&](const Access& access) {
          const Location where = access.at(launch.iteration, launch.times);
          return touches(written, where) || (access.writes && touches(read, where));
        });
    if (dispatch.barrier_before) {
      read.clear();
      written.clear();
    }
    for (const Access& access : dispatch.accesses) {
      const Location where = access.at(launch.iteration, launch.times);
      if (access.reads) read.push_back(where);
      if (access.writes) written.push_back(where);
    }
  }
}

}  // namespace lemnos
