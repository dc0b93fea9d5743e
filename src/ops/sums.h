// The ops that add up, for the layer that sweeps through loops of them (src/autograd).
#pragma once

#include "reference/matmul.h"
#include "reference/reduce.h"
