// The ops that update parameters, for the layer that puts them into a graph (src/optim).
#pragma once

#include "reference/gradient_norm.h"
#include "reference/lamb.h"
#include "reference/max_norm.h"
#include "reference/optimizer.h"
