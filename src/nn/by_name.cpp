// Every layer by its name.
#include "nn/layer_list.h"

namespace lemnos::nn {

std::span<const Maker<Layer>> layer_makers() { return makers_of<Layer>(LayerList{}); }

Layer layer_from_name(const std::string& kind, const Attrs& options) {
  return find_maker(layer_makers(), kind, "layer").make(options);
}

}  // namespace lemnos::nn
