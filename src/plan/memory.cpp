#include "plan/memory.h"

#include <algorithm>
#include <numeric>

namespace lemnos {

namespace {

struct Range {
  uint64_t begin, end;
};

// Taken parts of the arena, in order; those that touch are one.
class Ranges {
 public:
  void add(Range r) {
    const auto first = std::ranges::lower_bound(ranges_, r.begin, {}, &Range::end);
    auto last = first;
    for (; last != ranges_.end() && last->begin <= r.end; ++last)
      r = {std::min(r.begin, last->begin), std::max(r.end, last->end)};
    if (first == last) {
      ranges_.insert(first, r);
    } else {
      *first = r;
      ranges_.erase(first + 1, last);
    }
  }
  const std::vector<Range>& all() const { return ranges_; }

 private:
  std::vector<Range> ranges_;
};

// Which ranges are used when. A span of time is a node of a binary tree, with ranges used all the time and ranges used
// at any time of it: a life of any length meets few nodes, and what long lives share is one range in each.
class Timeline {
 public:
  explicit Timeline(int end) : end_(end), spans_(4 * static_cast<size_t>(end + 1)) {}

  void add(const Block& block, Range range) {
    visit({1, 0, end_}, block, [&](Span& span, bool whole) {
      span.ever.add(range);
      if (whole) span.always.add(range);
    });
  }
  // What blocks that are alive with this one have taken, in order; ranges may overlap.
  const std::vector<Range>& taken_during(const Block& block) {
    taken_.clear();
    visit({1, 0, end_}, block, [&](Span& span, bool whole) {
      const std::vector<Range>& found = (whole ? span.ever : span.always).all();
      taken_.insert(taken_.end(), found.begin(), found.end());
    });
    std::ranges::sort(taken_, {}, &Range::begin);
    return taken_;
  }

 private:
  struct Span {
    Ranges always, ever;
  };
  struct Place {
    size_t index;
    int first, last;
  };

  // The spans that the block's life meets, down to those that it fills: the children of these are not visited.
  template <typename Act>
  void visit(Place at, const Block& block, const Act& act) {
    if (at.last < block.first || block.last < at.first) return;
    const bool whole = block.first <= at.first && at.last <= block.last;
    act(spans_[at.index], whole);
    if (whole) return;
    const int middle = at.first + (at.last - at.first) / 2;
    visit({2 * at.index, at.first, middle}, block, act);
    visit({2 * at.index + 1, middle + 1, at.last}, block, act);
  }

  int end_;
  std::vector<Span> spans_;
  std::vector<Range> taken_;
};

// The gap that holds `bytes` most tightly, of those of one size the first; the last gap is open-ended.
uint64_t tightest(std::span<const Range> taken, uint64_t bytes) {
  uint64_t at = 0, best = UINT64_MAX, best_size = UINT64_MAX;
  for (const Range& t : taken) {
    if (t.begin > at && t.begin - at >= bytes && t.begin - at < best_size) {
      best = at;
      best_size = t.begin - at;
    }
    at = std::max(at, t.end);
  }
  return best_size == UINT64_MAX ? at : best;
}

}  // namespace

// Large blocks first: a small one fits into the gaps that they leave, not the other way round.
Placement place_blocks(std::span<const Block> blocks, uint64_t alignment, uint64_t guard) {
  Placement placed{.offsets = std::vector<uint64_t>(blocks.size(), 0)};
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });
  int end = 0;
  for (const Block& block : blocks) end = std::max({end, block.first, block.last});
  Timeline timeline(end);
  const auto align = [&](uint64_t v) { return (v + alignment - 1) / alignment * alignment; };
  for (size_t i : order) {
    // A block takes its guards with it, and whole units of the alignment, so that neighbours touch.
    const uint64_t before = align(guard), room = before + align(blocks[i].bytes + guard);
    const std::vector<Range>& taken = timeline.taken_during(blocks[i]);
    const uint64_t begin = tightest(taken, room);
    timeline.add(blocks[i], {begin, begin + room});
    placed.offsets[i] = begin + before;
    placed.bytes = std::max(placed.bytes, begin + room);
    placed.looked_at += taken.size();
  }
  return placed;
}

}  // namespace lemnos
