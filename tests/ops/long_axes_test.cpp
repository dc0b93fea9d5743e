// What adds up, compares or looks through more than 2^20 elements, against the reference: results and gradients. One
// driver ends an invocation's loops after 65,535 rounds without a word, and a device's watchdog ends what takes long.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "lemnos/lemnos.hpp"
#include "tests/devices.h"

namespace lemnos {
namespace {

constexpr int64_t kLong = (int64_t{1} << 20) + 4;  // in whole groups of four
constexpr int64_t kOdd = (int64_t{1} << 20) + 77;

using Values = std::vector<Value>;

struct Item {
  const char* name;
  std::vector<Shape> inputs;  // the last has the result's shape and is what its gradient begins with
  std::function<Value(const Values&)> build;
  bool gradient = true;
};

// Class indices of rows, or of a table: input 0 rounded and wrapped into [0, classes).
Value classes_of(Value x, int64_t classes) {
  return cast(clamp(abs(x) * 8.f, 0.f, static_cast<float>(classes - 1)), DType::i32);
}

const std::vector<Item> kLongItems = {
    {"sum of a row", {{1, kOdd}, {1}}, [](const Values& x) { return sum(x[0], {1}); }},
    {"sum of columns", {{kOdd, 3}, {3}}, [](const Values& x) { return sum(x[0], {0}); }},
    {"sum of wide columns", {{kLong, 4}, {4}}, [](const Values& x) { return sum(x[0], {0}); }},
    {"sum of everything", {{2, kLong}, {}}, [](const Values& x) { return sum(x[0]); }},
    {"mean of the middle", {{2, kOdd, 2}, {2, 2}}, [](const Values& x) { return mean(x[0], {1}); }},
    {"maximum of a row", {{1, kLong}, {1}}, [](const Values& x) { return reduce_max(x[0], {1}); }},
    {"maximum of columns", {{kOdd, 2}, {2}}, [](const Values& x) { return reduce_max(x[0], {0}); }},
    {"norm", {{kLong}, {}}, [](const Values& x) { return norm(x[0]); }},
    {"variance", {{kOdd, 2}, {2}}, [](const Values& x) { return variance(x[0], {0}); }},
    {"stretched, whose gradient is a sum",
     {{3}, {kOdd, 3}},
     [](const Values& x) {
       return broadcast_to(x[0], Shape{kOdd, 3});
     }},
    {"argmax of a row", {{1, kLong}, {1}}, [](const Values& x) { return argmax(x[0], 1); }, false},
    {"argmax of columns", {{kOdd, 3}, {3}}, [](const Values& x) { return argmax(x[0], 0); }, false},
    {"argmax of many columns", {{kOdd, 17}, {17}}, [](const Values& x) { return argmax(x[0], 0); }, false},
    {"softmax", {{1, kLong}, {1, kLong}}, [](const Values& x) { return softmax(x[0]); }},
    {"softmax of 3 million", {{1, 3000001}, {1, 3000001}}, [](const Values& x) { return softmax(x[0]); }},
    {"log_softmax", {{1, kOdd}, {1, kOdd}}, [](const Values& x) { return log_softmax(x[0]); }},
    {"cross-entropy of many classes",
     {{2, kLong}, {}},
     [](const Values& x) { return softmax_cross_entropy(x[0], classes_of(sum(x[0], {1}), kLong)); }},
    {"cross-entropy of many rows",
     {{kOdd, 3}, {}},
     [](const Values& x) { return softmax_cross_entropy(x[0], classes_of(reduce_max(x[0], {1}), 3)); }},
    {"mse", {{kOdd}, {kOdd}, {}}, [](const Values& x) { return mse_loss(x[0], x[1]); }},
    {"binary cross-entropy",
     {{kOdd}, {}},
     [](const Values& x) { return binary_cross_entropy_with_logits(x[0], full(x[0].graph(), {kOdd}, .25f)); }},
    {"cosine", {{1, kOdd}, {1, kOdd}, {1}}, [](const Values& x) { return cosine_similarity(x[0], x[1]); }},
    {"right answers",
     {{kOdd, 2}, {2}},
     [](const Values& x) { return accuracy_count(x[0], classes_of(reduce_max(x[0], {1}), 2)); },
     false},
    {"right answers of many classes",
     {{2, kLong}, {2}},
     [](const Values& x) { return accuracy_count(x[0], classes_of(sum(x[0], {1}), kLong)); },
     false},
    {"matmul, NN", {{2, kOdd}, {kOdd, 3}, {2, 3}}, [](const Values& x) { return matmul(x[0], x[1]); }},
    {"matmul, NT", {{1, kLong}, {2, kLong}, {1, 2}}, [](const Values& x) { return linear(x[0], x[1]); }},
    {"matmul, TN",
     {{kOdd, 2}, {kOdd, 3}, {2, 3}},
     [](const Values& x) { return matmul(x[0], x[1], {.transpose_a = true}); }},
    {"matmul, tiles", {{20, kOdd}, {kOdd, 2}, {20, 2}}, [](const Values& x) { return matmul(x[0], x[1]); }, false},
    {"linear over many rows",
     {{kOdd, 2}, {3, 2}, {3}, {kOdd, 3}},
     [](const Values& x) { return linear(x[0], x[1], x[2]); }},
    {"layer_norm",
     {{1, kLong}, {kLong}, {kLong}, {1, kLong}},
     [](const Values& x) { return layer_norm(x[0], x[1], x[2]); }},
    {"layer_norm of many rows",
     {{kOdd, 3}, {3}, {3}, {kOdd, 3}},
     [](const Values& x) { return layer_norm(x[0], x[1], x[2]); }},
    {"rms_norm", {{1, kOdd}, {kOdd}, {1, kOdd}}, [](const Values& x) { return rms_norm(x[0], x[1]); }},
    {"batch_norm of rows",
     {{kOdd, 2}, {2}, {2}, {kOdd, 2}},
     [](const Values& x) { return batch_norm(x[0], x[1], x[2]).y; }},
    {"batch_norm of planes",
     {{1, 2, 1024, 1028}, {2}, {2}, {1, 2, 1024, 1028}},
     [](const Values& x) { return batch_norm(x[0], x[1], x[2]).y; }},
    {"group_norm",
     {{1, 2, 1024, 1028}, {2}, {2}, {1, 2, 1024, 1028}},
     [](const Values& x) { return group_norm(x[0], 1, x[1], x[2]); }},
    {"conv2d over a large plane",
     {{1, 1, 1030, 1030}, {2, 1, 3, 3}, {2}, {1, 2, 1028, 1028}},
     [](const Values& x) { return conv2d(x[0], x[1], x[2]); }},
    {"conv2d over many images",
     {{65600, 1, 5, 5}, {2, 1, 2, 2}, {2}, {65600, 2, 4, 4}},
     [](const Values& x) { return conv2d(x[0], x[1], x[2]); }},
    {"conv1d",
     {{1, 1, kOdd + 4}, {2, 1, 5}, {2}, {1, 2, kOdd}},
     [](const Values& x) { return conv1d(x[0], x[1], x[2]); }},
    {"global average", {{2, 1, 1024, 1025}, {2, 1}}, [](const Values& x) { return global_avg_pool2d(x[0]); }},
    {"global maximum", {{2, 1, 1024, 1025}, {2, 1}}, [](const Values& x) { return global_max_pool2d(x[0]); }},
    {"one window",
     {{1, 1, 1024, 1025}, {1, 1, 1, 1}},
     [](const Values& x) {
       return max_pool2d(x[0], {.kernel = {1024, 1025}});
     }},
    {"average window",
     {{1, 1, 1024, 1025}, {1, 1, 1, 1}},
     [](const Values& x) {
       return avg_pool2d(x[0], {.kernel = {1024, 1025}});
     }},
    {"a token that occurs everywhere",
     {{3, 4}, {kOdd}, {kOdd, 4}},
     [](const Values& x) { return gather(x[0], cast(x[1] * 0.f + 1.f, DType::i32)); }},
    {"tokens in turn", {{5, 3}, {kOdd}, {kOdd, 3}}, [](const Values& x) { return gather(x[0], classes_of(x[1], 5)); }},
    {"attention over many keys",
     {{1, 2, 4}, {1, 262212, 4}, {1, 262212, 4}, {1, 2, 4}},
     [](const Values& x) { return scaled_dot_product_attention(x[0], x[1], x[2]); }},
    {"attention of many queries",
     {{1, 262212, 4}, {1, 2, 4}, {1, 2, 4}, {1, 262212, 4}},
     [](const Values& x) { return scaled_dot_product_attention(x[0], x[1], x[2]); }},
    {"a narrow network over many rows",
     {{262148, 2}, {105}, {262148, 1}},
     [](const Values& x) { return fused_mlp(x[0], x[1], {.width = 8, .hidden = 2, .out = 1}); }},
    {"upsample to a large plane",
     {{1, 1, 2, 2}, {1, 1, 1030, 1030}},
     [](const Values& x) {
       return upsample(x[0], {1030, 1030});
     }},
    {"upsample from a large plane, bilinear",
     {{1, 1, 1, 3}, {1, 1, 1025, 1030}},
     [](const Values& x) {
       return upsample(x[0], {1025, 1030}, {.mode = UpsampleMode::bilinear});
     }},
};

class LongAxes : public testing::TestWithParam<size_t> {};

// Small numbers of a short repeat, so that sums stay exact or nearly; one element in three million differs.
std::vector<float> pattern(size_t count, size_t salt) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = .125f * static_cast<float>(static_cast<int>((i * (7 + salt)) % 17) - 8);
  if (count > 1000) values[count - 5] = 2;
  return values;
}

TEST_P(LongAxes, AreAsInTheReference) {
  const Item& item = kLongItems[GetParam()];
  Graph graph;
  Values x;
  for (const Shape& shape : item.inputs)
    x.push_back(graph.constant(shape, pattern(static_cast<size_t>(shape.elements()), x.size())));
  Values wanted{item.build(x)};
  ASSERT_EQ(wanted[0].shape(), item.inputs.back());
  if (item.gradient) {
    const std::span<const Value> wrt = std::span(x).first(x.size() - 1);
    for (Value g : gradients(wanted[0], wrt, x.back()))
      if (g) wanted.push_back(g);
  }
  for (Value& v : wanted) v = cast(v, DType::f32);
  std::vector<std::vector<float>> right;
  on_every_device([&](const Device& device) {
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = wanted});
    ASSERT_EQ(program->run(1), Status::ok);
    for (size_t i = 0; i < wanted.size(); ++i) {
      const std::vector<float> found = program->read_floats(wanted[i]);
      if (right.size() <= i) {
        right.push_back(found);
        continue;
      }
      double largest = 0;
      for (float v : right[i]) largest = std::max(largest, std::abs(double{v}));
      size_t wrong = 0;
      for (size_t k = 0; k < found.size(); ++k) {
        const double off = std::abs(double{found[k]} - double{right[i][k]});
        if (off <= 2e-4 * std::abs(double{right[i][k]}) + 2e-5 * largest) continue;
        if (++wrong == 1)
          ADD_FAILURE() << (i ? "gradient " + std::to_string(i - 1) : std::string("result")) << ", element " << k
                        << ": " << found[k] << ", the reference has " << right[i][k];
      }
      EXPECT_EQ(wrong, 0u) << "of " << found.size();
    }
  });
}

std::string name_of(const testing::TestParamInfo<size_t>& info) {
  std::string name = kLongItems[info.param].name;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Items, LongAxes, testing::Range(size_t{0}, kLongItems.size()), name_of);

}  // namespace
}  // namespace lemnos
