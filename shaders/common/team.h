// Who works on a row (common/team.glsl).
#define TEAM_WORKGROUP 0
#define TEAM_SUBGROUP 1    // a workgroup has several, each with rows of its own, and no barrier
#define TEAM_INVOCATION 2  // likewise, for rows of a few elements
