// The fusions that Lemnos knows. They name ops, so they live beside them and are handed to the planner as a list.
#pragma once

#include <span>

#include "graph/edit.h"

namespace lemnos {

std::span<const Rewrite> rewrites();

}  // namespace lemnos
