// The fusions of Lemnos. They name ops, so they are in this layer and are passed to the planner as a list.
#pragma once

#include <span>

#include "graph/edit.h"

namespace lemnos {

std::span<const Rewrite> rewrites();

}  // namespace lemnos
