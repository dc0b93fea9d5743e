// Models, losses and optimizers from the words of lemnos.h.
#pragma once

#include "api/c_handles.h"

namespace lemnos::c {

/// Layers applied one after the other. Throws `not_found` with the layers or options that exist.
Model model_of(const lemnos_layer* layers, uint32_t count);
Loss loss_of(const char* name, const lemnos_option* options, uint64_t count);

}  // namespace lemnos::c
