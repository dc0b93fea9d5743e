#include "plan/segments.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lemnos {

namespace {

// More would be launches too small to be worth one.
constexpr double kMostParts = 64;
constexpr double kWhole = std::numeric_limits<double>::infinity();

// The dimension along which a dispatch can be cut: the outermost that is used, so that inner dimensions keep their
// size.
size_t outermost(const std::array<uint32_t, 3>& groups) { return groups[2] > 1 ? 2 : groups[1] > 1 ? 1 : 0; }

void add_parts(Segments& out, const Launch& launch, const std::array<uint32_t, 3>& groups, double guess, double target,
               double longest) {
  const size_t axis = outermost(groups);
  const double wanted = std::max(std::min(std::ceil(guess / target), kMostParts), std::ceil(guess / longest));
  const auto count = static_cast<uint32_t>(std::min(wanted, static_cast<double>(groups[axis])));
  if (count <= 1) {
    out.parts.push_back({launch.dispatch, {}, groups, true, launch.iteration});
    out.guesses.push_back(guess);
    return;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const auto at = [&](uint64_t k) { return static_cast<uint32_t>(uint64_t{groups[axis]} * k / count); };
    Part part{launch.dispatch, {}, groups, false, launch.iteration};
    part.base[axis] = at(i);
    part.count[axis] = at(i + 1) - at(i);
    out.parts.push_back(part);
    out.guesses.push_back(guess * part.count[axis] / groups[axis]);
  }
}

void join(Segments& out, int first_update, double target) {
  out.segments.clear();
  bool updating = false;
  for (size_t i = 0; i < out.parts.size(); ++i) {
    const bool fits = !out.segments.empty() && out.segments.back().microseconds + out.guesses[i] <= target;
    const bool begins = !updating && out.parts[i].dispatch >= first_update;
    if (begins) out.first_update = out.segments.size();
    updating = updating || begins;
    if (begins || !fits) out.segments.push_back({.first = static_cast<int>(i)});
    ++out.segments.back().count;
    out.segments.back().microseconds += out.guesses[i];
  }
  if (!updating) out.first_update = out.segments.size();
}

}  // namespace

SpeedGuess SpeedGuess::of(const DeviceCaps& caps) {
  return caps.software ? SpeedGuess{2'000, 2'000, 20} : SpeedGuess{};
}

double SpeedGuess::microseconds(const Cost& cost) const {
  return launch_microseconds + std::max(static_cast<double>(cost.bytes) / bytes_per_microsecond,
                                        static_cast<double>(cost.flops) / flops_per_microsecond);
}

std::array<uint32_t, 3> split_groups(uint64_t groups, uint32_t limit) {
  const auto up = [](uint64_t n, uint64_t d) { return (n + d - 1) / d; };
  if (groups <= limit) return {static_cast<uint32_t>(groups), 1, 1};
  const uint64_t y = std::min<uint64_t>(std::max<uint64_t>(up(groups, limit), kLeastRows), limit);
  const uint64_t z = up(groups, uint64_t{limit} * y);
  const uint64_t x = up(groups, y * z);
  return {static_cast<uint32_t>(x), static_cast<uint32_t>(y), static_cast<uint32_t>(z)};
}

Segments cut_segments(const Plan& plan, const DeviceCaps& caps, double target_microseconds, double slowness) {
  Segments out;
  const SpeedGuess guess = SpeedGuess::of(caps);
  const double longest = 1000 * caps.longest_submission_ms;
  double target = std::min(target_microseconds, longest);
  for (const Launch& launch : plan.launches()) {
    const PlannedDispatch& planned = plan.dispatches[static_cast<size_t>(launch.dispatch)];
    const Dispatch& dispatch = planned.dispatch;
    add_parts(out, launch, split_groups(dispatch.groups, caps.max_workgroup_count),
              slowness * guess.microseconds(dispatch.cost), planned.indirect() ? kWhole : target,
              planned.indirect() ? kWhole : longest);
  }
  while (true) {
    join(out, plan.first_update, target);
    if (out.segments.size() <= kMostSegments || 2 * target > longest) break;
    target *= 2;
  }
  return out;
}

}  // namespace lemnos
