#include "graph/loop.h"

#include <algorithm>
#include <set>

namespace lemnos {

int Loop::bound(size_t i) const {
  if (i < carried.size()) return carried[i].in;
  i -= carried.size();
  return i < sliced.size() ? sliced[i] : captured[i - sliced.size()];
}

int Loop::result(size_t i) const { return i < carried.size() ? carried[i].out : stacked[i - carried.size()].value; }

bool Loop::may_end(const std::vector<bool>& outputs) const {
  for (size_t i = 0; i < stacked.size(); ++i) {
    const bool held = stacked[i].held || std::ranges::find(carried, stacked[i].value, &Carried::out) != carried.end();
    if (!held && (outputs.empty() || outputs[carried.size() + i])) return false;
  }
  return ended >= 0;
}

Needs Loop::needs(const std::vector<bool>& outputs, std::vector<int>* leaves) const {
  std::set<int> wanted, given, seen;
  for (const Carried& c : carried) wanted.insert(c.out);
  for (size_t i = 0; i < stacked.size(); ++i)
    if (outputs.empty() || outputs[carried.size() + i]) wanted.insert(stacked[i].value);

  std::set<int> bounds;
  for (size_t i = 0; i < inputs(); ++i) bounds.insert(bound(i));
  std::vector<int> open(wanted.begin(), wanted.end());
  while (!open.empty()) {
    const int value = open.back(), producer = body->info(value).producer;
    open.pop_back();
    if (!seen.insert(value).second) continue;
    if (bounds.contains(value)) {
      given.insert(value);
    } else if (producer >= 0) {
      const std::vector<int>& read = body->nodes()[static_cast<size_t>(producer)].inputs;
      open.insert(open.end(), read.begin(), read.end());
    } else if (leaves) {
      leaves->push_back(value);
    }
  }
  return {{wanted.begin(), wanted.end()}, {given.begin(), given.end()}};
}

int64_t row_elements(const TensorDesc& desc) {
  constexpr int64_t kRowBytes = Graph::kArenaAlignment * static_cast<int64_t>(sizeof(float));
  const int64_t unit = kRowBytes / static_cast<int64_t>(size_of(desc.dtype));
  return std::max<int64_t>((desc.elements() + unit - 1) / unit, 1) * unit;
}

}  // namespace lemnos
