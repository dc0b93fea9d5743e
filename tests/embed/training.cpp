#include "training.h"

#include <cmath>

#include "lemnos/autograd.h"
#include "lemnos/init.h"
#include "lemnos/ops.h"
#include "lemnos/optim.h"

namespace lemnos::embed_tests {

std::vector<float> Training::inputs(Size size) {
  std::vector<float> values(static_cast<size_t>(size.batch * size.features));
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(1.7f * static_cast<float>(i));
  return values;
}

std::vector<float> Training::targets(Size size) {
  const std::vector<float> x = inputs(size);
  std::vector<float> y(static_cast<size_t>(size.batch), 0);
  for (size_t i = 0; i < x.size(); ++i) y[i / static_cast<size_t>(size.features)] += x[i] * x[i] * .125f;
  return y;
}

Training::Training(const Device& device, Size size, double segment_microseconds, Hook before_compile, void* context) {
  x = graph.input("x", {{size.batch, size.features}, DType::f32});
  y = graph.input("y", {{size.batch, 1}, DType::f32});
  const auto parameter = [&](const char* name, const Shape& shape, uint64_t stream) {
    return graph.parameter(name, shape, initial_values(Init::uniform(-.3, .3), shape, 5, stream));
  };
  hidden_weight = parameter("w1", {size.hidden, size.features}, 1);
  const Value b1 = parameter("b1", {size.hidden}, 2);
  const Value w2 = parameter("w2", {1, size.hidden}, 3);
  const Value b2 = parameter("b2", {1}, 4);
  loss = mean(square(linear(relu(linear(x, hidden_weight, b1)), w2, b2) - y));
  place_gradients(loss);
  const optim::Adam adam{.lr = 3e-3f};
  flat = optim::apply(graph, adam);
  const Value state = advance_step(step_state(graph), optim::advance_options(adam));
  session = device.open(graph);
  if (before_compile) before_compile(*this, context);
  program = session->compile({.targets = {flat, state, loss}, .segment_microseconds = segment_microseconds});
  if (before_compile) return;
  session->write(x, inputs(size));
  session->write(y, targets(size));
}

}  // namespace lemnos::embed_tests
