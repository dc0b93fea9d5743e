// Where the rows of attention lie.
#ifndef COMMON_ATTENTION
#define COMMON_ATTENTION

#include "common/sum4.glsl"

const float kLowest = -3.0e38;  // below every score; not infinite, so that no difference of two is NaN

uint own_position, own_index, other_start;
uint first_position;  // of the workgroup: the same for all of its invocations

// False for an invocation without a row.
bool find_rows() {
  const uint blocks = (params.rows + workgroup_size - 1) / workgroup_size;
  const uint group = workgroup_index() / blocks;
  first_position = (workgroup_index() - group * blocks) * workgroup_size;
  own_position = first_position + lane();
  const uint batch = group / params.heads, head = group - batch * params.heads;
  own_index = batch * params.own_batch + head * params.own_head + own_position * params.own_row;
  other_start = batch * params.other_batch + head * params.other_head;
  return group < params.groups && own_position < params.rows;
}

uint other_index(uint position) { return other_start + position * params.other_row; }

#endif
