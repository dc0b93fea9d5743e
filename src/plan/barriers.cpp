#include <algorithm>

#include "plan/plan.h"

namespace lemnos {

namespace {

bool overlap(const Location& a, const Location& b) {
  return a.arena == b.arena && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

}  // namespace

void place_barriers(std::span<PlannedDispatch> dispatches) {
  std::vector<Location> read, written;  // since the last barrier
  const auto touches = [](const std::vector<Location>& ranges, const Location& where) {
    return std::ranges::any_of(ranges, [&](const Location& range) { return overlap(range, where); });
  };
  for (PlannedDispatch& dispatch : dispatches) {
    dispatch.barrier_before = std::ranges::any_of(dispatch.accesses, [&](const Access& access) {
      return touches(written, access.where) || (access.writes && touches(read, access.where));
    });
    if (dispatch.barrier_before) {
      read.clear();
      written.clear();
    }
    for (const Access& access : dispatch.accesses) {
      if (access.reads) read.push_back(access.where);
      if (access.writes) written.push_back(access.where);
    }
  }
}

}  // namespace lemnos
