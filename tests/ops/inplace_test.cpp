// Ops that take over the memory of an operand give the same bits as those that do not.

#include <gtest/gtest.h>

#include <functional>
#include <tuple>

#include "base/random.h"
#include "lemnos/autograd.h"
#include "lemnos/lemnos.hpp"

namespace lemnos {
namespace {

struct Item {
  const char* name;
  std::function<Value(Value a, Value b, Value state)> build;
};

Value slope(Value a, Value b, const std::function<Value(Value)>& f) { return gradients(f(a), std::array{a}, b)[0]; }

const Item kInplaceItems[] = {
    {"relu", [](Value a, Value, Value) { return relu(a); }},
    {"gelu", [](Value a, Value, Value) { return gelu(a); }},
    {"exp", [](Value a, Value, Value) { return exp(a); }},
    {"affine", [](Value a, Value, Value) { return a * 3 + 1; }},
    {"gelu backward", [](Value a, Value b, Value) { return slope(a, b, [](Value v) { return gelu(v); }); }},
    {"tanh backward", [](Value a, Value b, Value) { return slope(a, b, [](Value v) { return tanh(v); }); }},
    {"add", [](Value a, Value b, Value) { return a + b; }},
    {"divide", [](Value a, Value b, Value) { return a / b; }},
    {"maximum", [](Value a, Value b, Value) { return maximum(a, b); }},
    {"twice the same", [](Value a, Value, Value) { return a * a; }},
    {"read again", [](Value a, Value b, Value) { return exp(a) * a + b * sigmoid(b); }},
    {"over the second", [](Value a, Value b, Value) { return a - b * 2; }},
    {"dropout", [](Value a, Value, Value state) { return dropout(a, state, .3f, 1); }},
    {"a chain", [](Value a, Value b, Value state) { return tanh(dropout(relu(a) + b, state, .5f, 2)) * b; }},
};

class InPlace : public testing::TestWithParam<std::tuple<DType, int64_t>> {};

TEST_P(InPlace, GivesTheSameBits) {
  const Device device = Device::best();
  if (device.info().type == DeviceType::cpu_reference) GTEST_SKIP() << "no Vulkan device";
  const auto [dtype, count] = GetParam();
  for (const Item& item : kInplaceItems) {
    Graph graph;
    const Value state = step_state(graph, 1);
    const Value x = graph.input("x", {{count}, DType::f32});
    // Activations, so that they may be written over; inputs may not.
    const Value a = cast(x * .5f, dtype), b = cast(x + 2.f, dtype);
    const Value y = identity(item.build(a, b, state));  // what is read afterwards has memory of its own
    const auto session = device.open(graph);
    Random random(5);
    std::vector<float> values(static_cast<size_t>(count));
    for (float& v : values) v = static_cast<float>(random.normal());
    session->write(x, values);
    const auto bits = [&](bool share, uint64_t& memory) {
      const auto program = session->compile({.targets = {y}, .fuse = false, .share_memory = share});
      memory = program->summary().activation_bytes;
      EXPECT_EQ(program->run(), Status::ok);
      std::vector<std::byte> bytes(y.desc().bytes());
      program->read(y, bytes);
      return bytes;
    };
    uint64_t shared = 0, apart = 0;
    EXPECT_EQ(bits(true, shared), bits(false, apart)) << item.name;
    EXPECT_LT(shared, apart) << item.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Elementwise, InPlace,
                         testing::Combine(testing::Values(DType::f32, DType::f16, DType::bf16),
                                          testing::Values(7, 1021)));

}  // namespace
}  // namespace lemnos
