// import lemnos: the extension module of the package.

#include "bind.h"

PYBIND11_MODULE(_lemnos, module) {
  using namespace lemnos::python;
  module.doc() = "Trains neural networks on any vendor's GPU through Vulkan.";
  module.attr("__version__") = LEMNOS_VERSION;
  define_errors(module);
  define_records(module);
  define_tensor(module);
  define_values(module);
  define_sessions(module);
  define_models(module);
  define_data(module);
  define_metrics(module);
  define_callbacks(module);
  define_training(module);
  define_check(module);
}
