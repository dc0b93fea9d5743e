// The hazard checker. Written apart from place_barriers on purpose: it knows nothing of ranges "since the last
// barrier", only of pairs of dispatches and the number of barriers between them.

#include "base/text.h"
#include "plan/plan.h"

namespace lemnos {

namespace {

// The first byte that both ranges hold, or -1.
int64_t common_byte(const Location& a, const Location& b) {
  if (a.arena.kind != b.arena.kind || a.arena.index != b.arena.index) return -1;
  const uint64_t begin = a.offset > b.offset ? a.offset : b.offset;
  const uint64_t a_end = a.offset + a.bytes, b_end = b.offset + b.bytes;
  return begin < a_end && begin < b_end ? static_cast<int64_t>(begin) : -1;
}

const char* hazard_name(const Access& earlier, const Access& later) {
  if (earlier.writes && later.reads) return "read after write";
  if (earlier.writes && later.writes) return "write after write";
  if (earlier.reads && later.writes) return "write after read";
  return nullptr;
}

}  // namespace

std::vector<std::string> find_hazards(std::span<const PlannedDispatch> dispatches, std::span<const PlannedLoop> loops) {
  const std::vector<Launch> launches = launches_of(dispatches, loops, true);
  const auto planned = [&](size_t i) -> const PlannedDispatch& {
    return dispatches[static_cast<size_t>(launches[i].dispatch)];
  };
  const auto place = [&](size_t i, const Access& access) {
    return access.at(launches[i].iteration, launches[i].times);
  };
  std::vector<int> epoch(launches.size(), 0);  // barriers before each launch
  for (size_t i = 1; i < launches.size(); ++i) epoch[i] = epoch[i - 1] + (planned(i).barrier_before ? 1 : 0);
  std::vector<std::string> hazards;
  for (size_t late = 0; late < launches.size(); ++late)
    for (size_t early = late; early-- > 0 && epoch[early] == epoch[late];)
      for (const Access& a : planned(early).accesses)
        for (const Access& b : planned(late).accesses) {
          const char* name = hazard_name(a, b);
          const int64_t byte = name ? common_byte(place(early, a), place(late, b)) : -1;
          if (byte >= 0)
            hazards.push_back(text(name, ": dispatch ", launches[late].dispatch, " (",
                                   planned(late).dispatch.kernel->name, ") against dispatch ", launches[early].dispatch,
                                   " (", planned(early).dispatch.kernel->name, ") at byte ", byte,
                                   ", no barrier between"));
        }
  return hazards;
}

}  // namespace lemnos
