// Who works on a row: one invocation, a subgroup or a workgroup (shaders/common/team.glsl).
#pragma once

#include <algorithm>
#include <string_view>

#include "ops/lowering.h"
#include "shaders/common/team.h"

namespace lemnos::ops {

struct Team {
  uint32_t kind = TEAM_INVOCATION;
  uint32_t workgroup_size = 64;
  uint32_t rows_per_group = 64;
  uint32_t members = 1;
  uint32_t held = 0;  // turns that a row takes, where registers hold them
};

/// The team for each of `rows` rows of `cols` elements, for an op with kRowVariants. Short rows are walked by one
/// invocation each, for others would wait; long ones by a subgroup where there are enough to fill the device, or where
/// barriers are dear because invocations are no threads of the hardware. Rows of `tensors` tensors are held, if any.
inline Team team_of(const Lower& c, uint64_t rows, uint64_t cols, uint64_t tensors) {
  constexpr uint64_t kAlone = 32, kMany = 512, kLong = 2048, kHeld = 8;
  const DeviceCaps& caps = c.caps;
  Team team;
  const bool many = caps.software || (rows >= kMany && cols <= kLong);
  const bool short_enough = cols <= 4 * kMostRounds * caps.min_subgroup_size;
  if (cols > kAlone && many && short_enough && std::string_view(c.variant()) == "subgroup") {
    const uint32_t workgroup = std::min(std::max(64u, caps.max_subgroup_size), caps.max_workgroup_invocations);
    const uint32_t rows_per_group = std::max(1u, workgroup / std::max(1u, caps.subgroup_size));
    team = {TEAM_SUBGROUP, workgroup, rows_per_group, caps.min_subgroup_size};
  } else if (cols > kAlone) {
    const uint32_t workgroup = row_workgroup(cols, caps);
    team = {TEAM_WORKGROUP, workgroup, 1, workgroup};
  }
  const uint64_t turns = divide_up(cols, uint64_t{4} * team.members);
  if (turns * tensors <= kHeld) team.held = static_cast<uint32_t>(turns);
  return team;
}

}  // namespace lemnos::ops
