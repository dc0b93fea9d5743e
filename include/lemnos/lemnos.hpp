// Everything that a training program needs. Renderers also want lemnos/vulkan.h; C programs lemnos.h.
#pragma once

#include "lemnos/autograd.h"
#include "lemnos/data.h"
#include "lemnos/device.h"
#include "lemnos/error.h"
#include "lemnos/graph.h"
#include "lemnos/history.h"
#include "lemnos/init.h"
#include "lemnos/log.h"
#include "lemnos/loss.h"
#include "lemnos/nn.h"
#include "lemnos/ops.h"
#include "lemnos/optim.h"
#include "lemnos/profile.h"
#include "lemnos/session.h"
#include "lemnos/tensor.h"
#include "lemnos/train.h"
