/* The second half of the C application: memory that two sessions share. */
#ifndef LEMNOS_CONSUME_SHARE_H
#define LEMNOS_CONSUME_SHARE_H

#include <vulkan/vulkan.h>
/* After Vulkan, so that lemnos.h shows its Vulkan part. */
#include "../expect.h"

void share_between_sessions(lemnos_device* device);

#endif
