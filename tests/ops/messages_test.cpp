// What a mistake says: the op, and both shapes, numbers or types. And the values that are known when a graph is built.

#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "lemnos/error.h"
#include "lemnos/ops.h"
#include "runtime/backends.h"

namespace lemnos {
namespace {

struct Mistake {
  std::function<Value(Graph&)> build;
  std::string message;
};

Value in(Graph& g, const Shape& shape, DType dtype = DType::f32) {
  return g.input("input" + std::to_string(g.values().size()), {shape, dtype});
}

const Mistake kMistakes[] = {
    {[](Graph& g) {
       return in(g, {3, 4}) + in(g, {5});
     },
     "add: shapes [3, 4] and [5] do not broadcast: 4 against 5 at axis -1"},
    {[](Graph& g) { return in(g, {3}) * in(g, {3}, DType::f16); },
     "multiply: a is f32[3] but b is f16[3]; cast one of them"},
    {[](Graph& g) { return in(g, {3}, DType::boolean) - in(g, {3}, DType::boolean); },
     "subtract: a and b are bool; cast them"},
    {[](Graph& g) { return pow(in(g, {3}, DType::i32), in(g, {3}, DType::i32)); },
     "pow: a and b are i32, it takes f32, f16, bf16"},
    {[](Graph& g) { return in(g, {3}) + Value(); }, "add: an operand is empty"},
    {[](Graph& g) {
       return reshape(in(g, {3, 4}), Shape{5, 2});
     },
     "reshape: shape [5, 2] has 10 elements, x [3, 4] has 12"},
    {[](Graph& g) {
       return reshape(in(g, {3, 4}), std::vector<int64_t>{5, -1});
     },
     "reshape: the other extents make 5, which does not divide the 12 elements of [3, 4]"},
    {[](Graph& g) {
       return sum(in(g, {3, 4}), {2});
     },
     "sum: axis 2 is out of range for shape [3, 4]"},
    {[](Graph& g) {
       return mean(in(g, {3, 4}), {1, -1});
     },
     "mean: axis 1 of shape [3, 4] is out of range or repeated"},
    {[](Graph& g) {
       return reduce_max(in(g, {0, 4}));
     },
     "reduce_max: x [0, 4] has no elements"},
    {[](Graph& g) { return sum(in(g, {3}, DType::i32)); }, "sum: input 0 is i32[3], it takes f32, f16 or bf16"},
    {[](Graph& g) {
       return variance(in(g, {3, 1}), {1});
     },
     "variance: 1 element for each result of x [3, 1], an unbiased one takes at least 2"},
    {[](Graph& g) {
       return broadcast_to(in(g, {3}), {4, 5});
     },
     "broadcast_to: shapes [3] and [4, 5] do not broadcast: 3 against 5 at axis -1"},
    {[](Graph& g) {
       return broadcast_to(in(g, {3, 5}), {1, 5});
     },
     "broadcast_to: x [3, 5] does not broadcast to [1, 5]"},
    {[](Graph& g) {
       return permute(in(g, {3, 5}), {0, 0});
     },
     "transpose: axis 0 of shape [3, 5] is out of range or repeated"},
    {[](Graph& g) { return transpose(in(g, {3})); }, "transpose: x [3] has fewer than two axes"},
    {[](Graph& g) {
       return slice_axis(in(g, {3, 5}), 1, 2, 6);
     },
     "slice: [2, 6) of axis 1 is not within shape [3, 5]"},
    {[](Graph& g) {
       return split(in(g, {3, 5}), {2, 2}, 1)[0];
     },
     "split: sizes add up to 4, axis 1 of shape [3, 5] has 5"},
    {[](Graph& g) { return pad(in(g, {3}), {-1}, {0}); },
     "pad: -1 before and 0 after along axis 0 of shape [3]; use slice to take away"},
    {[](Graph& g) {
       return concat(std::vector{in(g, {3, 4}), in(g, {2, 5})}, 0);
     },
     "concat: input 1 [2, 5] and input 0 [3, 4] differ beside axis 0"},
    {[](Graph& g) {
       return concat(std::vector{in(g, {3}), in(g, {3}, DType::i32)});
     },
     "concat: input 1 is i32[3] but input 0 is f32[3]; cast one of them"},
    {[](Graph& g) {
       return stack(std::vector{in(g, {3}), in(g, {4})});
     },
     "stack: [4] beside [3]"},
    {[](Graph& g) { return where(in(g, {3}), in(g, {3}), in(g, {3}, DType::bf16)); },
     "where: a is f32[3] but b is bf16[3]; cast one of them"},
    {[](Graph& g) {
       return gather(in(g, {9, 3}), in(g, {2}));
     },
     "gather: input 1 is f32[2], it takes i32"},
    {[](Graph& g) { return gather(in(g, {9}, DType::i32), in(g, {2}, DType::i32), {.scale = 2}); },
     "gather: x is i32[9], which takes no scale 2 and no shift 0"},
    {[](Graph& g) {
       return scatter_add(in(g, {3, 4}), in(g, {2}, DType::i32), 9);
     },
     "scatter_add: x [3, 4] does not begin with the axes of indices [2]"},
    {[](Graph& g) {
       return matmul(in(g, {3, 4}), in(g, {5, 6}));
     },
     "matmul: A [3, 4] has 4 columns, B [5, 6] has 5 rows"},
    {[](Graph& g) {
       return matmul(in(g, {2, 3, 4}), in(g, {3, 4, 6}));
     },
     "matmul: A [2, 3, 4] and B [3, 4, 6]: shapes [2] and [3] do not broadcast: 2 against 3 at axis -1"},
    {[](Graph& g) {
       return linear(in(g, {3, 4}), in(g, {6, 4}), in(g, {5}));
     },
     "linear: bias [5] does not fit weight [6, 4]"},
    {[](Graph& g) {
       return linear(in(g, {3, 4}), in(g, {6, 5}));
     },
     "linear: x [3, 4] has 4 features, weight [6, 5] takes 5"},
    {[](Graph&) { return linear(Value(), Value()); }, "value: a default-constructed Value is empty and has no shape"},
    {[](Graph& g) {
       return conv2d(in(g, {1, 3, 8, 8}), in(g, {4, 3, 9, 9}));
     },
     "conv2d: f32[1, 3, 8, 8] and f32[4, 3, 9, 9]: a kernel that reaches over 9x9 does not fit a padded plane of 8x8"},
    {[](Graph& g) {
       return max_pool2d(in(g, {1, 3, 2, 5}), {.kernel = {3, 3}});
     },
     "max_pool2d: a window of 3x3 with dilation 1 does not fit a plane of 2x5 padded by 0"},
    {[](Graph& g) {
       return scaled_dot_product_attention(in(g, {1, 2, 5, 8}), in(g, {1, 2, 0, 8}), in(g, {1, 2, 0, 8}));
     },
     "attention: k [1, 2, 0, 8] has no positions to attend to"},
    {[](Graph& g) {
       return scaled_dot_product_attention(in(g, {1, 2, 5, 8}), in(g, {1, 2, 5, 4}), in(g, {1, 2, 5, 8}));
     },
     "attention: q [1, 2, 5, 8] has rows of 8, k [1, 2, 5, 4] of 4"},
    {[](Graph& g) {
       return softmax(in(g, {3, 4}), 2);
     },
     "softmax: axis 2 is out of range for shape [3, 4]"},
    {[](Graph& g) {
       return softmax_cross_entropy(in(g, {3, 10}), in(g, {4}, DType::i32));
     },
     "softmax_cross_entropy: targets are i32[4] for logits f32[3, 10]; they are class indices i32[3] or probabilities "
     "f32[3, 10]"},
    {[](Graph& g) { return mse_loss(in(g, {0}), in(g, {0})); }, "mse_loss: f32[0] has no elements"},
    {[](Graph& g) {
       return conv2d(in(g, {2, 3, 8, 8}), in(g, {4, 5, 3, 3}));
     },
     "conv2d: x f32[2, 3, 8, 8] has 3 channels, weight f32[4, 5, 3, 3] in 1 groups takes 5"},
    {[](Graph& g) {
       return conv2d(in(g, {2, 3, 8, 8}), in(g, {4, 3, 3, 3}), {}, {.stride = {2, 0}});
     },
     "conv2d: stride is {2, 0}, it takes 2 entries, each at least 1"},
    {[](Graph& g) {
       return layer_norm(in(g, {2, 3}), in(g, {4}), in(g, {3}));
     },
     "layer_norm: input 1 is f32[4] for x f32[2, 3], it takes [3]"},
    {[](Graph& g) {
       return group_norm(in(g, {2, 6, 4}), 4, in(g, {6}), in(g, {6}));
     },
     "group_norm: the 6 channels of x f32[2, 6, 4] do not divide into 4 groups"},
    {[](Graph& g) {
       return lstm(in(g, {2, 3, 4}), {in(g, {24, 5}), in(g, {24, 6}), {}, {}}).y;
     },
     "lstm: x f32[2, 3, 4] and the hidden weight f32[24, 6] take an input weight [24, 4], it is f32[24, 5]"},
    {[](Graph& g) {
       return in(g, {1, 1, 1, 1, 1, 1, 1, 1, 1});
     },
     "shape: 9 axes, at most 8"},
    {[](Graph& g) { return argmax(in(g, {3}), 1); }, "argmax: axis 1 is out of range for shape [3]"},
    {[](Graph& g) { return random_normal(in(g, {3}), {{2}}); },
     "random_normal: input 0 is f32[3], a step state is u32[32]"},
    {[](Graph& g) { return random_uniform(in(g, {32}, DType::u32), {{2}}, 2, 1); },
     "random_uniform: low 2 is above high 1"},
    {[](Graph& g) { return linspace(g, 0, 1, 0); }, "linspace: 0 elements, it takes 1 or more"},
    {[](Graph& g) { return range(g, 0, 3, 0); }, "range: step 0"},
    {[](Graph& g) {
       return interpolate(in(g, {3, 4}), {5, 6, 7});
     },
     "interpolate: 3 extents for x f32[3, 4], it takes one to three, of the last axes"},
    {[](Graph& g) {
       return interpolate(in(g, {3, 4}), {0}, {.mode = UpsampleMode::bicubic});
     },
     "interpolate: extent 0 is 0, at least 1"},
    {[](Graph& g) {
       return interpolate(in(g, {3, 4}), {8}, {.antialias = true});
     },
     "interpolate: antialias needs bilinear or bicubic without align_corners"},
    {[](Graph& g) {
       return interpolate_by(in(g, {3, 4}), {.2});
     },
     "interpolate_by: factor 0 is 0.2, which gives an extent of 0 from 4"},
    {[](Graph& g) {
       return interpolate_by(in(g, {3, 4}), {-1});
     },
     "interpolate_by: factor 0 is -1, it must be above 0 and below 1e9"},
    {[](Graph& g) {
       return grid_sample(in(g, {2, 3, 4, 5}), in(g, {1, 4, 5, 2}));
     },
     "grid_sample: x f32[2, 3, 4, 5] is [N, C, H, W] or [N, C, D, H, W], and the grid f32[1, 4, 5, 2] [N, .., 2] or "
     "[N, "
     ".., 3]"},
    {[](Graph& g) {
       return grid_sample(in(g, {2, 3, 4, 5, 6}), in(g, {2, 4, 5, 6, 3}), {.mode = GridMode::bicubic});
     },
     "grid_sample: bicubic takes x [N, C, H, W], it is f32[2, 3, 4, 5, 6]"},
    {[](Graph& g) {
       return covariance(in(g, {3, 4}), {.correction = 4});
     },
     "covariance: 4 observations less a correction of 4 leave no positive divisor"},
    {[](Graph& g) {
       return covariance(in(g, {3, 4}), {.weights = in(g, {3})});
     },
     "covariance: weights f32[3] for 4 observations"},
    {[](Graph& g) { return correlation(in(g, {4})); },
     "correlation: x is f32[4], it takes f32[variables, observations], with elements"},
    {[](Graph& g) {
       return einsum("ij,jk->ik", in(g, {3, 4}), in(g, {5, 6}));
     },
     "einsum: axis 'j' of 'ij,jk->ik' has 4 and 5"},
    {[](Graph& g) {
       return einsum("ij,jk->ik", in(g, {3, 4}));
     },
     "einsum: 'ij,jk->ik' names 2 operands, it is given 1"},
    {[](Graph& g) {
       return einsum("ijk->i", in(g, {3, 4}));
     },
     "einsum: 'ijk' names 3 axes, operand 0 is f32[3, 4]"},
    {[](Graph& g) {
       return einsum("ij->iz", in(g, {3, 4}));
     },
     "einsum: axis 'z' of the result of 'ij->iz' must stand in an operand, and once in the result"},
    {[](Graph& g) { return einsum("i2->i", in(g, {3})); },
     "einsum: '2' in 'i2->i', it takes letters and one '...' an operand"},
    {[](Graph& g) {
       return conv3d(in(g, {1, 2, 3, 4}), in(g, {2, 2, 1, 1, 1}));
     },
     "conv3d: x f32[1, 2, 3, 4] and weight f32[2, 2, 1, 1, 1] take five axes each"},
    {[](Graph& g) {
       return conv3d(in(g, {1, 2, 3, 4, 5}), in(g, {2, 2, 4, 1, 1}));
     },
     "conv3d: the depth of weight f32[2, 2, 4, 1, 1] does not fit into x f32[1, 2, 3, 4, 5] with padding 0"},
    {[](Graph& g) {
       return conv3d(in(g, {1, 2, 3, 4, 5}), in(g, {2, 3, 1, 1, 1}));
     },
     "conv3d: x f32[1, 2, 3, 4, 5] in 1 groups takes a weight of 2 channels, it is f32[2, 3, 1, 1, 1]"},
    {[](Graph& g) {
       return conv_transpose3d(in(g, {1, 2, 3, 4, 5}), in(g, {2, 2, 1, 1, 1}), {}, {.output_padding = {1, 0, 0}});
     },
     "conv_transpose3d: output padding 1 must be smaller than the stride 1 or the dilation 1"},
    {[](Graph& g) {
       return multilabel_margin_loss(in(g, {3, 4}), in(g, {3}, DType::i32));
     },
     "multilabel_margin_loss: scores f32[3, 4] and targets i32[3], they are f32 and i32 [.., C] of one shape"},
    {[](Graph& g) {
       return ctc_loss(in(g, {5, 2, 4}), in(g, {7}, DType::i32));
     },
     "ctc_loss: targets i32[7] for scores f32[5, 2, 4], they are i32[N, S]; rows one after the other in one axis are "
     "not "
     "taken"},
    {[](Graph& g) {
       return ctc_loss(in(g, {5, 2, 4}), in(g, {2, 3}, DType::i32), {}, {}, {.blank = 4});
     },
     "ctc_loss: blank 4 is outside [0, 4)"},
    {[](Graph& g) {
       return ctc_loss(in(g, {5, 2, 4}), in(g, {2, 3}, DType::i32), in(g, {3}, DType::i32));
     },
     "ctc_loss: input lengths i32[3] for scores f32[5, 2, 4], they are i32[2]"},
    {[](Graph& g) {
       return lstm(in(g, {2, 5, 3}), {in(g, {16, 3}), in(g, {16, 2}), {}, {}, in(g, {3, 4})}).y;
     },
     "lstm: the hidden weight f32[16, 2] takes a projection [2, 4], it is f32[3, 4]"},
    {[](Graph& g) {
       return gru(in(g, {2, 5, 3}), {in(g, {12, 3}), in(g, {12, 2}), {}, {}, in(g, {2, 4})}).y;
     },
     "gru: a projection f32[2, 4], which only an LSTM has"},
};

TEST(Messages, NameTheOpAndBothSides) {
  for (const Mistake& mistake : kMistakes) {
    Graph graph;
    try {
      (void)mistake.build(graph);
      ADD_FAILURE() << "accepted, instead of: " << mistake.message;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()), mistake.message);
    }
  }
}

std::string refusal_messages(Graph& graph, std::vector<Value> targets) {
  const Device cpu(make_cpu_backend());
  try {
    (void)cpu.open(graph)->compile({.targets = std::move(targets)});
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

// The reference computes in doubles, and a system that promises more memory than it has would end the process later.
TEST(Messages, TheReferenceNamesATensorThatExceedsTheMachinesMemory) {
  Graph g;
  const Value y = relu(in(g, {int64_t{1} << 50}));
  const std::string message = refusal_messages(g, {y});
  EXPECT_TRUE(message.starts_with("cpu: activations of 1125899906842624 doubles, the machine has room for "))
      << message;
  EXPECT_TRUE(message.ends_with("; the largest is f32[1125899906842624]")) << message;
}

template <typename T>
std::vector<T> content(Value v) {
  const auto& bytes = v.graph().info(v).initial;
  std::vector<T> values(static_cast<size_t>(v.desc().elements()));
  if (!bytes || bytes->size() != values.size() * sizeof(T)) return {};
  std::memcpy(values.data(), bytes->data(), bytes->size());
  return values;
}

TEST(Constants, AreKnownWhenTheGraphIsBuilt) {
  Graph g;
  EXPECT_EQ(content<float>(linspace(g, 0, 1, 5)), (std::vector<float>{0, .25f, .5f, .75f, 1}));
  EXPECT_EQ(content<float>(linspace(g, 3, 9, 1)), (std::vector<float>{3}));
  EXPECT_EQ(content<int32_t>(range(g, 2, 9, 3)), (std::vector<int32_t>{2, 5, 8}));
  EXPECT_EQ(content<int32_t>(range(g, 5, 0, -2)), (std::vector<int32_t>{5, 3, 1}));
  EXPECT_EQ(content<int32_t>(range(g, 5, 5)), (std::vector<int32_t>{}));
  EXPECT_EQ(content<float>(range(g, 0, 3, 1, DType::f32)), (std::vector<float>{0, 1, 2}));
  EXPECT_EQ(full(g, {2, 3}, 7, DType::bf16).desc(), (TensorDesc{{2, 3}, DType::bf16}));
}

}  // namespace
}  // namespace lemnos
