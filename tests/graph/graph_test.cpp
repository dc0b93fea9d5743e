#include "lemnos/graph.h"

#include <gtest/gtest.h>

#include "graph/edit.h"
#include "graph/print.h"
#include "lemnos/autograd.h"
#include "lemnos/error.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "ops/op_table.h"

namespace lemnos {
namespace {

template <typename F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Graph, MistakesNameTheOpAndBothNumbers) {
  Graph graph;
  const Value a = graph.input("a", {{64, 784}, DType::f32});
  const Value b = graph.input("b", {{512, 784}, DType::f32});
  const Value i = graph.input("i", {{64}, DType::i32});
  EXPECT_EQ(message_of([&] { matmul(a, b); }), "matmul: A [64, 784] has 784 columns, B [512, 784] has 512 rows");
  EXPECT_EQ(message_of([&] { a + b; }),
            "add: shapes [64, 784] and [512, 784] do not broadcast: 64 against 512 at axis -2");
  EXPECT_EQ(message_of([&] { relu(i); }), "relu: input 0 is i32[64], it takes f32, f16 or bf16");
  EXPECT_EQ(message_of([&] { softmax(a, 3); }), "softmax: axis 3 is out of range for shape [64, 784]");
  EXPECT_EQ(message_of([&] { graph.input("a", {{1}, DType::f32}); }), "graph: the name 'a' is taken");
  EXPECT_EQ(message_of([&] {
              graph.add(find_op("relu"), {a}, {{"slope", 1}});
            }),
            "relu: no attribute 'slope'; it has a, b");
  EXPECT_EQ(message_of([&] { graph.add(find_op("relu"), {Value()}); }), "relu: input 0 is empty");
  Graph other;
  EXPECT_EQ(message_of([&] { other.add(find_op("relu"), {a}); }), "relu: input 0 belongs to another graph");
}

TEST(Graph, ParametersLieInOneAlignedArena) {
  Graph graph;
  const std::vector<float> six(6, 1.0f), one(1, 2.0f);
  const Value a = graph.parameter("a", {2, 3}, six);
  const Value b = graph.parameter("b", {1}, one);
  EXPECT_EQ(graph.info(a).offset, 0);
  EXPECT_EQ(graph.info(b).offset, Graph::kArenaAlignment);
  EXPECT_EQ(graph.flat_parameters().desc().elements(), 2 * Graph::kArenaAlignment);
  EXPECT_EQ(graph.parameters().size(), 2u);
  EXPECT_NE(message_of([&] { graph.parameter("c", {1}, one); }), "no error");
}

TEST(Graph, OnlyWhatATargetNeedsRunsAndUpdatesComeLast) {
  Graph graph;
  const Value x = graph.input("x", {{4}, DType::f32});
  const Value used = relu(x);
  const Value unused = exp(x);
  const Value out = sigmoid(used);
  const int target = out.id();
  const std::vector<int> nodes = needed_nodes(graph, {{target}, {}});
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(graph.nodes()[static_cast<size_t>(nodes[1])].outputs[0], out.id());
  EXPECT_NE(to_string(graph, nodes).find("sigmoid"), std::string::npos);
  EXPECT_EQ(to_string(graph, nodes).find("exp"), std::string::npos);
  (void)unused;
}

TEST(Graph, EqualGraphsHashEqual) {
  const auto build = [](float slope) {
    Graph graph;
    const Value y = leaky_relu(graph.input("x", {{4}, DType::f32}), slope);
    const int target = y.id();
    return hash_of(graph, needed_nodes(graph, {{target}, {}}));
  };
  EXPECT_EQ(build(.1f), build(.1f));
  EXPECT_NE(build(.1f), build(.2f));
}

TEST(Autograd, RefusesWhatHasNoGradient) {
  Graph graph;
  const Value x = graph.input("x", {{4}, DType::f32});
  const Value y = relu(x);
  const std::vector<Value> wrt{x};
  EXPECT_EQ(message_of([&] { gradients(y, wrt); }),
            "gradients: the output is f32[4]; one of more than one element needs a seed");
  const OpDef counted = {.name = "counted", .infer = [](const Infer& in) { return std::vector{in.in[0]}; }};
  EXPECT_EQ(message_of([&] { gradients(sum(graph.add(counted, {x})), wrt); }),
            "counted: has no gradient. If it computes gradients, give it OpDef::primal or OpDef::grad for second "
            "derivatives; if no gradient is needed there, add stop_gradient() after it");
}

TEST(Autograd, WithoutAPathThereIsNoGradient) {
  Graph graph;
  const Value x = graph.input("x", {{4}, DType::f32});
  const Value z = graph.input("z", {{4}, DType::f32});
  const std::vector<Value> wrt{x, z};
  const std::vector<Value> found = gradients(sum(square(x)), wrt);
  EXPECT_TRUE(found[0]);
  EXPECT_FALSE(found[1]);
}

}  // namespace
}  // namespace lemnos
