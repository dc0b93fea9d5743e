// Who am I: the one place that knows of the limit of 65,535 workgroups a dimension.
#ifndef COMMON_INDEX
#define COMMON_INDEX

uint workgroup_index() {
  return gl_WorkGroupID.x + gl_NumWorkGroups.x * (gl_WorkGroupID.y + gl_NumWorkGroups.y * gl_WorkGroupID.z);
}
uint lane() { return gl_LocalInvocationID.x; }
uint invocation_index() { return workgroup_index() * workgroup_size + lane(); }

#endif
