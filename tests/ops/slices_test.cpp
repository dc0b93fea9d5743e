// What a device cannot bind whole is computed in slices of rows, to the same bits.

#include <gtest/gtest.h>

#include <functional>

#include "base/random.h"
#include "lemnos/lemnos.hpp"
#include "ops/rewrites.h"
#include "runtime/backends.h"
#include "shaders/kernels.h"
#include "vulkan/context.h"
#include "vulkan/owned_device.h"

namespace lemnos {
namespace {

constexpr uint64_t kMostBytes = 32768;

/// A device that binds `most` bytes at a time.
Device narrow_device(uint64_t most) {
  const auto context = vulkan::open_device({});
  DeviceCaps caps = context->caps();
  caps.max_storage_range = most;
  context->clamp_caps(caps);
  return Device(make_vulkan_backend(context, {.find_kernel = find_kernel, .rewrites = rewrites()}));
}

struct Item {
  const char* name;
  std::vector<Shape> inputs;
  std::function<Value(const std::vector<Value>&)> build;
  bool half = false;
};

const Item kSliceItems[] = {
    {"relu", {{9001}}, [](const std::vector<Value>& x) { return relu(x[0]); }, true},
    {"add", {{113, 89}, {113, 89}}, [](const std::vector<Value>& x) { return x[0] + x[1]; }, true},
    {"add a row", {{113, 113}, {113}}, [](const std::vector<Value>& x) { return x[0] + x[1]; }},
    {"multiply by a column", {{113, 89}, {113, 1}}, [](const std::vector<Value>& x) { return x[0] * x[1]; }},
    {"cast", {{200, 64}}, [](const std::vector<Value>& x) { return cast(x[0], DType::f16); }},
    {"where",
     {{200, 64}, {200, 64}, {1, 64}},
     [](const std::vector<Value>& x) { return where(greater(x[0], x[1]), x[1], x[2]); }},
    {"softmax", {{300, 41}}, [](const std::vector<Value>& x) { return softmax(x[0]); }, true},
    {"tanh backward",
     {{300, 41}, {300, 41}},
     [](const std::vector<Value>& x) { return gradients(tanh(x[0]), std::array{x[0]}, x[1])[0]; },
     true},
    {"softmax backward",
     {{300, 41}, {300, 41}},
     [](const std::vector<Value>& x) { return gradients(softmax(x[0]), std::array{x[0]}, x[1])[0]; }},
    {"matmul NN", {{400, 37}, {37, 64}}, [](const std::vector<Value>& x) { return matmul(x[0], x[1]); }, true},
    {"linear", {{400, 37}, {64, 37}, {64}}, [](const std::vector<Value>& x) { return relu(linear(x[0], x[1], x[2])); }},
    {"matmul, as many rows as columns",
     {{64, 64}, {64, 64}, {64, 64}},
     [](const std::vector<Value>& x) { return matmul(x[0], x[1]) + x[2]; }},
    {"matmul, batched", {{15, 20, 32}, {15, 32, 20}}, [](const std::vector<Value>& x) { return matmul(x[0], x[1]); }},
    {"conv2d",
     {{40, 3, 16, 16}, {4, 3, 3, 3}, {4}},
     [](const std::vector<Value>& x) {
       return conv2d(x[0], x[1], x[2], {.padding = {1, 1}});
     }},
    {"conv2d backward",
     {{40, 3, 16, 16}, {4, 3, 3, 3}, {40, 4, 14, 14}},
     [](const std::vector<Value>& x) { return gradients(conv2d(x[0], x[1]), std::array{x[0]}, x[2])[0]; }},
};

std::vector<std::byte> run(const Device& device, const Item& item, DType dtype, size_t& dispatches) {
  Graph graph;
  std::vector<Value> inputs;
  for (const Shape& shape : item.inputs)
    inputs.push_back(graph.input("x" + std::to_string(inputs.size()), {shape, dtype}));
  const Value y = item.build(inputs);
  const auto session = device.open(graph);
  Random random(3);
  for (Value input : inputs) {
    std::vector<std::byte> bytes(input.desc().bytes());
    const size_t size = size_of(dtype);
    for (size_t at = 0; at < bytes.size(); at += size) {
      const uint32_t bits = dtype == DType::f32 ? 0x3f000000u | random.bits() >> 9 : 0x3800u | random.bits() >> 22;
      std::memcpy(bytes.data() + at, &bits, size);
    }
    session->write(input, bytes);
  }
  const auto program = session->compile({.targets = {y}, .fuse = false});
  dispatches = program->summary().dispatches;
  EXPECT_EQ(program->run(), Status::ok);
  std::vector<std::byte> bytes(y.desc().bytes());
  program->read(y, bytes);
  return bytes;
}

class Slices : public testing::Test {
 protected:
  void SetUp() override {
    if (Device::best().info().type == DeviceType::cpu_reference) GTEST_SKIP() << "no Vulkan device";
  }
};

TEST_F(Slices, GiveTheSameBits) {
  const Device whole = narrow_device(uint64_t{1} << 27), narrow = narrow_device(kMostBytes);
  for (const Item& item : kSliceItems)
    for (const DType dtype : {DType::f32, DType::f16}) {
      if (dtype == DType::f16 && !item.half) continue;
      size_t once = 0, sliced = 0;
      const auto expected = run(whole, item, dtype, once), found = run(narrow, item, dtype, sliced);
      EXPECT_EQ(found, expected) << item.name << ' ' << to_string(dtype);
      const bool small = dtype == DType::f16 || item.inputs[0] == Shape{64, 64};
      EXPECT_TRUE(small ? sliced >= once : sliced > once) << item.name << ": " << once << ", sliced " << sliced;
    }
}

TEST_F(Slices, DependentRowsAreRefused) {
  const Device narrow = narrow_device(kMostBytes);
  Graph graph;
  const Value x = graph.input("x", {{10000}, DType::f32});
  const Value whole[] = {softmax(x), sum(x)};
  for (const Value& y : whole) {
    const auto session = narrow.open(graph);
    try {
      (void)session->compile({.targets = {y}});
      ADD_FAILURE() << "compiled";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unsupported);
      EXPECT_NE(std::string(error.what()).find("40000 bytes; this device binds at most 32768"), std::string::npos)
          << error.what();
    }
  }
}

}  // namespace
}  // namespace lemnos
