// Every loss that is a struct: what other languages can name, and what a test compares with the header.
#pragma once

#include "graph/makers.h"
#include "lemnos/loss.h"

namespace lemnos::loss {

using LossList = TypeList<CrossEntropy, BinaryCrossEntropy, Mse, Mae, Huber>;

}  // namespace lemnos::loss
