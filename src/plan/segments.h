// Segments: a plan cut into slices of work, each bounded in time by a guess, so that a step can be submitted a little
// at a time. Plain data: what runs them measures what they really cost (runtime/pace.h).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace lemnos {

/// How fast a device is taken to be before anything was measured. On purpose slower than most.
struct SpeedGuess {
  double bytes_per_microsecond = 20'000;
  double flops_per_microsecond = 100'000;
  double launch_microseconds = 5;

  static SpeedGuess of(const DeviceCaps& caps);
  double microseconds(const Cost& cost) const;
};

/// Workgroups [base, base + count) of a dispatch, in the three dimensions that `split_groups` gives it. No kernel knows
/// that it runs in parts: workgroup_index() is the same.
struct Part {
  int dispatch = 0;
  std::array<uint32_t, 3> base{};
  std::array<uint32_t, 3> count{1, 1, 1};
  bool whole = true;
  int64_t iteration = 0;  // of the dispatch's loop
};

struct Segment {
  int first = 0;  // of the parts
  int count = 0;
  double microseconds = 0;  // guessed
};

struct Segments {
  std::vector<Part> parts;        // in the order of execution
  std::vector<Segment> segments;  // they cover the parts without a gap
  std::vector<double> guesses;    // of each part
  size_t first_update = 0;        // the segment with which the update phase begins; their number: there is none
};

/// Splits a count of workgroups over the three dimensions: the other half of workgroup_index() in the shaders. The
/// outermost that is used has kLeastRows at least, so that it can be cut.
inline constexpr uint32_t kLeastRows = 256;
std::array<uint32_t, 3> split_groups(uint64_t groups, uint32_t limit);

/// Cuts `plan` into segments of about `target_microseconds` by the guess, at most kMostSegments of them (the target
/// grows until they are). A dispatch that takes longer by itself is split by its workgroups. The update phase begins
/// with a segment; between its segments persistent memory is half updated, so they are handed over together.
inline constexpr size_t kMostSegments = 256;
/// `slowness`: how many times the guess the device has been seen to take. No segment that can be cut is longer than
/// `caps.longest_submission_ms` by that.
Segments cut_segments(const Plan& plan, const DeviceCaps& caps, double target_microseconds, double slowness = 1);

}  // namespace lemnos
