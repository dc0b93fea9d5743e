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

std::vector<std::string> find_hazards(std::span<const PlannedDispatch> dispatches) {
  std::vector<int> epoch(dispatches.size(), 0);  // barriers before each dispatch
  for (size_t i = 1; i < dispatches.size(); ++i) epoch[i] = epoch[i - 1] + (dispatches[i].barrier_before ? 1 : 0);
  std::vector<std::string> hazards;
  for (size_t late = 0; late < dispatches.size(); ++late)
    for (size_t early = late; early-- > 0 && epoch[early] == epoch[late];)
      for (const Access& a : dispatches[early].accesses)
        for (const Access& b : dispatches[late].accesses) {
          const char* name = hazard_name(a, b);
          const int64_t byte = name ? common_byte(a.where, b.where) : -1;
          if (byte >= 0)
            hazards.push_back(text(name, ": dispatch ", late, " (", dispatches[late].dispatch.kernel->name,
                                   ") against dispatch ", early, " (", dispatches[early].dispatch.kernel->name,
                                   ") at byte ", byte, ", no barrier between"));
        }
  return hazards;
}

}  // namespace lemnos
