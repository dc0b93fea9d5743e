#include "workloads.h"

#include "lemnos/autograd.h"
#include "lemnos/lemnos.hpp"
#include "measure.h"
#include "ops/op_table.h"

namespace lemnos::tool {

namespace {

using Values = std::vector<Value>;

/// An op over inputs of these descs. `backward`: the gradients of its floating inputs instead.
struct Row {
  const char* group;
  const char* name;
  std::vector<TensorDesc> inputs;
  std::function<Value(const Values&)> build;
  bool backward = false;
  int64_t integers = 1000;  // i32 inputs stay below
};

struct Opened {
  Graph graph;
  std::unique_ptr<Session> session;
  std::unique_ptr<Program> program;
};

Values targets_of(const Row& row, Graph& graph) {
  Values inputs, floating;
  for (const TensorDesc& desc : row.inputs) {
    inputs.push_back(graph.input("x" + std::to_string(inputs.size()), desc));
    if (is_floating(desc.dtype)) floating.push_back(inputs.back());
  }
  const Value y = row.build(inputs);
  if (!row.backward) return {y};
  Values targets;
  for (Value gradient : gradients(y, floating, graph.input("dy", y.desc())))
    if (gradient) targets.push_back(gradient);
  return targets;
}

// Completes a workload that has its `build`.
Workload opening(Workload w, int64_t integers) {
  w.open = [build = w.build, integers](const Device& device, const Choices& choices) {
    auto opened = std::make_shared<Opened>();
    const Values targets = build(opened->graph);
    opened->session = device.open(opened->graph);
    opened->program = opened->session->compile({.targets = targets,
                                                .force_variant = choices.variant,
                                                .tuning = choices.tuning,
                                                .tune_seconds = choices.tune_seconds});
    fill_inputs(*opened->session, opened->graph, integers);
    return Running{opened, opened->program.get()};
  };
  return w;
}

Workload workload_of(const Row& row) {
  return opening({row.group, row.name, [row](Graph& graph) { return targets_of(row, graph); }, {}}, row.integers);
}

const Shape kBig{1024, 2048}, kOdd{1023, 2047};
TensorDesc f32(const Shape& shape) { return {shape, DType::f32}; }
TensorDesc f16(const Shape& shape) { return {shape, DType::f16}; }
TensorDesc i32(const Shape& shape) { return {shape, DType::i32}; }

std::vector<Workload> products() {
  const auto square = [](const char* name, int64_t n, bool ta, bool tb, DType dtype = DType::f32) {
    return product(name, {.m = n, .n = n, .k = n, .transpose_a = ta, .transpose_b = tb, .dtype = dtype});
  };
  return {square("NN 512", 512, false, false),
          square("NT 512", 512, false, true),
          square("TN 512", 512, true, false),
          square("NN 1024", 1024, false, false),
          square("NT 1024", 1024, false, true),
          square("TN 1024", 1024, true, false),
          square("NN 2048", 2048, false, false),
          square("NN 1021", 1021, false, false),
          square("NN 512 f16", 512, false, false, DType::f16),
          product("forward 128x784 -> 512", {.m = 128, .n = 512, .k = 784, .transpose_b = true}),
          product("dW of 512x784", {.m = 512, .n = 784, .k = 128, .transpose_a = true}),
          product("dx of 512x512", {.m = 128, .n = 512, .k = 512}),
          product("forward 128x512 -> 10", {.m = 128, .n = 10, .k = 512, .transpose_b = true}),
          product("dW of 10x512", {.m = 10, .n = 512, .k = 128, .transpose_a = true}),
          product("dx of 10x512", {.m = 128, .n = 512, .k = 10})};
}

std::vector<Row> elementwise() {
  const auto add = [](const Values& x) { return x[0] + x[1]; };
  return {
      {"elementwise", "copy", {f32(kBig)}, [](const Values& x) { return identity(x[0]); }},
      {"elementwise", "add", {f32(kBig), f32(kBig)}, add},
      {"elementwise", "add odd", {f32(kOdd), f32(kOdd)}, add},
      {"elementwise", "add f16", {f16(kBig), f16(kBig)}, add},
      {"elementwise", "add row", {f32(kBig), f32({2048})}, add},
      {"elementwise", "add row of 10", {f32({200000, 10}), f32({10})}, add},
      {"elementwise", "add column", {f32(kBig), f32({1024, 1})}, add},
      {"elementwise", "add general", {f32({32, 1, 64, 32}), f32({32, 1, 32})}, add},
      {"elementwise", "relu", {f32(kBig)}, [](const Values& x) { return relu(x[0]); }},
      {"elementwise", "gelu", {f32(kBig)}, [](const Values& x) { return gelu(x[0]); }},
      {"elementwise", "gelu f16", {f16(kBig)}, [](const Values& x) { return gelu(x[0]); }},
      {"elementwise", "gelu backward", {f32(kBig)}, [](const Values& x) { return gelu(x[0]); }, true},
      {"elementwise", "tanh", {f32(kBig)}, [](const Values& x) { return tanh(x[0]); }},
      {"elementwise",
       "where",
       {f32(kBig), f32(kBig), f32(kBig)},
       [](const Values& x) { return where(x[0], x[1], x[2]); }},
      {"elementwise", "cast to f16", {f32(kBig)}, [](const Values& x) { return cast(x[0], DType::f16); }},
      {"elementwise", "cast from f16", {f16(kBig)}, [](const Values& x) { return cast(x[0], DType::f32); }},
  };
}

std::vector<Row> reductions() {
  return {
      {"reduction", "sum all", {f32(kBig)}, [](const Values& x) { return sum(x[0]); }},
      {"reduction", "sum rows", {f32(kBig)}, [](const Values& x) { return sum(x[0], {1}); }},
      {"reduction", "sum rows odd", {f32(kOdd)}, [](const Values& x) { return sum(x[0], {1}); }},
      {"reduction", "sum rows f16", {f16(kBig)}, [](const Values& x) { return sum(x[0], {1}); }},
      {"reduction", "sum rows of 10", {f32({200000, 10})}, [](const Values& x) { return sum(x[0], {1}); }},
      {"reduction", "sum columns", {f32(kBig)}, [](const Values& x) { return sum(x[0], {0}); }},
      {"reduction", "sum columns of 10", {f32({200000, 10})}, [](const Values& x) { return sum(x[0], {0}); }},
      {"reduction",
       "sum channels",
       {f32({32, 64, 32, 32})},
       [](const Values& x) {
         return sum(x[0], {0, 2, 3});
       }},
      {"reduction", "max rows", {f32(kBig)}, [](const Values& x) { return reduce_max(x[0], {1}); }},
      {"reduction", "argmax rows", {f32(kBig)}, [](const Values& x) { return argmax(x[0]); }},
      {"reduction", "argmax rows of 10", {f32({200000, 10})}, [](const Values& x) { return argmax(x[0]); }},
  };
}

std::vector<Row> movements() {
  return {
      {"movement", "broadcast_to row", {f32({2048})}, [](const Values& x) { return broadcast_to(x[0], kBig); }},
      {"movement",
       "slice",
       {f32({1100, 2148})},
       [](const Values& x) {
         return slice(x[0], {10, 100}, {1034, 2148});
       }},
      {"movement",
       "slice odd",
       {f32({1100, 2148})},
       [](const Values& x) {
         return slice(x[0], {10, 99}, {1034, 2146});
       }},
      {"movement",
       "pad image",
       {f32({32, 64, 32, 32})},
       [](const Values& x) {
         return pad(x[0], {0, 0, 1, 1}, {0, 0, 1, 1});
       }},
      {"movement", "concat", {f32({1024, 1024}), f32({1024, 1024})}, [](const Values& x) { return concat(x, 1); }},
      {"movement", "transpose", {f32(kBig)}, [](const Values& x) { return transpose(x[0]); }},
      {"movement", "transpose odd", {f32(kOdd)}, [](const Values& x) { return transpose(x[0]); }},
      {"movement",
       "heads",
       {f32({8, 256, 16, 64})},
       [](const Values& x) {
         return permute(x[0], {0, 2, 1, 3});
       }},
      {"movement",
       "NCHW to NHWC",
       {f32({32, 64, 32, 32})},
       [](const Values& x) {
         return permute(x[0], {0, 2, 3, 1});
       }},
      {"movement", "gather rows", {f32({1000, 784}), i32({2048})}, [](const Values& x) { return gather(x[0], x[1]); }},
      {"movement",
       "gather bytes",
       {{{1000, 784}, DType::u8}, i32({2048})},
       [](const Values& x) { return gather(x[0], x[1], {.scale = 1.f / 255}); }},
      {"movement",
       "scatter_add",
       {f32({4096, 256}), i32({4096})},
       [](const Values& x) { return scatter_add(x[0], x[1], 1000); }},
  };
}

std::vector<Row> networks() {
  const auto norm = [](const Values& x) { return layer_norm(x[0], x[1], x[2]); };
  const auto cross_entropy = [](const Values& x) { return softmax_cross_entropy(x[0], x[1]); };
  const FusedMlpOptions narrow{.width = 64, .hidden = 3, .out = 4};
  const auto fused = [narrow](const Values& x) { return fused_mlp(x[0], x[1], narrow); };
  const auto cell = [](const char* op) {
    return [op](const Values& x) { return x[0].graph().add_all(find_op(op), x)[0]; };
  };
  return {
      {"network", "softmax", {f32(kBig)}, [](const Values& x) { return softmax(x[0]); }},
      {"network", "softmax of 10", {f32({100000, 10})}, [](const Values& x) { return softmax(x[0]); }},
      {"network", "softmax backward", {f32(kBig)}, [](const Values& x) { return softmax(x[0]); }, true},
      {"network", "cross-entropy", {f32({4096, 1000}), i32({4096})}, cross_entropy},
      {"network", "cross-entropy backward", {f32({4096, 1000}), i32({4096})}, cross_entropy, true},
      {"network", "layer norm", {f32(kBig), f32({2048}), f32({2048})}, norm},
      {"network", "layer norm backward", {f32(kBig), f32({2048}), f32({2048})}, norm, true},
      {"network", "rms norm", {f32(kBig), f32({2048})}, [](const Values& x) { return rms_norm(x[0], x[1]); }},
      {"network",
       "batch norm",
       {f32({32, 64, 32, 32}), f32({64}), f32({64})},
       [](const Values& x) { return batch_norm(x[0], x[1], x[2]).y; }},
      {"network", "fused mlp", {f32({16384, 32}), f32({fused_mlp_weights(32, narrow)})}, fused},
      {"network", "fused mlp backward", {f32({16384, 32}), f32({fused_mlp_weights(32, narrow)})}, fused, true},
      {"network", "max pool", {f32({32, 64, 32, 32})}, [](const Values& x) { return max_pool2d(x[0]); }},
      {"network", "max pool backward", {f32({32, 64, 32, 32})}, [](const Values& x) { return max_pool2d(x[0]); }, true},
      {"network",
       "lstm cell backward",
       {f32({256, 4096}), f32({256, 4096}), f32({256, 1024})},
       cell("lstm_cell"),
       true},
      {"network", "gru cell backward", {f32({256, 3072}), f32({256, 3072}), f32({256, 1024})}, cell("gru_cell"), true},
  };
}

// Forward, and both gradients together. Names tell channels, kernel and plane.
std::vector<Row> convolutions() {
  std::vector<Row> rows;
  const auto both = [&](const char* forward, const char* backward, const Shape& x, const Shape& weight,
                        const Conv2dOptions& options) {
    const auto build = [options](const Values& v) { return conv2d(v[0], v[1], {}, options); };
    rows.push_back({"convolution", forward, {f32(x), f32(weight)}, build});
    rows.push_back({"convolution", backward, {f32(x), f32(weight)}, build, true});
  };
  both("1 to 6, 5x5 of 28x28", "1 to 6, 5x5 of 28x28, backward", {128, 1, 28, 28}, {6, 1, 5, 5}, {.padding = {2, 2}});
  both("6 to 16, 5x5 of 14x14", "6 to 16, 5x5 of 14x14, backward", {128, 6, 14, 14}, {16, 6, 5, 5}, {});
  both("32 to 64, 3x3 of 32x32", "32 to 64, 3x3 of 32x32, backward", {16, 32, 32, 32}, {64, 32, 3, 3},
       {.padding = {1, 1}});
  both("64 to 64, 3x3 of 14x14", "64 to 64, 3x3 of 14x14, backward", {16, 64, 14, 14}, {64, 64, 3, 3},
       {.padding = {1, 1}});
  both("64 to 128, 3x3 / 2 of 16x16", "64 to 128, 3x3 / 2 of 16x16, backward", {16, 64, 16, 16}, {128, 64, 3, 3},
       {.stride = {2, 2}, .padding = {1, 1}});
  both("64 to 128, 1x1 of 16x16", "64 to 128, 1x1 of 16x16, backward", {16, 64, 16, 16}, {128, 64, 1, 1}, {});
  both("64 by depth, 3x3 of 32x32", "64 by depth, 3x3 of 32x32, backward", {16, 64, 32, 32}, {64, 1, 3, 3},
       {.padding = {1, 1}, .groups = 64});
  return rows;
}

// A million parameters in one tensor.
Workload update(const char* name, const optim::Optimizer& optimizer) {
  return opening({"update",
                  name,
                  [optimizer](Graph& graph) {
                    (void)step_state(graph);
                    (void)graph.parameter("w", {1 << 20}, std::vector<float>(1 << 20, .5f));
                    return Values{optim::apply(graph, optimizer)};
                  },
                  {}},
                 1);
}

// Steps
// --------------------------------------------------------------------------------------------------------------------

Workload step(const char* name, const Model& model, const Shape& example, int64_t classes, int64_t batch,
              const optim::Optimizer& optimizer) {
  return {"step", name, {}, [=](const Device& device, const Choices& choices) {
            data::Dataset set{.x = {}, .y = {}, .scale = 1.f / 255, .classes = classes};
            std::vector<int64_t> extents{4 * batch};
            extents.insert(extents.end(), example.begin(), example.end());
            set.x.desc = {Shape(extents), DType::u8};
            set.x.bytes.resize(set.x.desc.bytes());
            for (size_t i = 0; i < set.x.bytes.size(); ++i) set.x.bytes[i] = std::byte(i * 2654435761u >> 24);
            std::vector<int32_t> labels;
            for (int64_t i = 0; i < extents[0]; ++i) labels.push_back(static_cast<int32_t>(i * 7 % classes));
            set.y = data::Array::integers({extents[0]}, labels);
            auto trainer = std::make_shared<Trainer>(device, model,
                                                     TrainerOptions{.loss = loss::CrossEntropy{},
                                                                    .optimizer = optimizer,
                                                                    .tuning = choices.tuning,
                                                                    .tune_seconds = choices.tune_seconds});
            trainer->begin(set, batch);
            return Running{trainer, trainer->step_program().get()};
          }};
}

Model perceptron(std::vector<int64_t> hidden) {
  std::vector<nn::Layer> layers{nn::Flatten{}};
  for (int64_t width : hidden) {
    layers.push_back(nn::Linear{.out = width});
    layers.push_back(nn::Relu{});
  }
  layers.push_back(nn::Linear{.out = 10});
  return nn::sequential(std::move(layers));
}

}  // namespace

Workload product(std::string name, const Product& p) {
  const TensorDesc a{p.transpose_a ? Shape{p.k, p.m} : Shape{p.m, p.k}, p.dtype};
  const TensorDesc b{p.transpose_b ? Shape{p.n, p.k} : Shape{p.k, p.n}, p.dtype};
  Workload w = workload_of({"product", "", {a, b}, [p](const Values& x) {
                              return matmul(x[0], x[1], {.transpose_a = p.transpose_a, .transpose_b = p.transpose_b});
                            }});
  w.name = std::move(name);
  return w;
}

std::vector<Workload> op_workloads() {
  std::vector<Workload> all = products();
  for (const auto& list : {elementwise(), reductions(), movements(), networks(), convolutions()})
    for (const Row& row : list) all.push_back(workload_of(row));
  all.push_back(update("sgd", optim::Sgd{.momentum = .9f}));
  all.push_back(update("adam", optim::Adam{}));
  return all;
}

std::vector<Workload> step_workloads() {
  const Shape image{1, 28, 28};
  const Model convolutional = nn::sequential({nn::Conv2d{.out = 8, .kernel = 3, .padding = 1}, nn::Relu{},
                                              nn::MaxPool2d{}, nn::Conv2d{.out = 16, .kernel = 3, .padding = 1},
                                              nn::Relu{}, nn::MaxPool2d{}, nn::Flatten{}, nn::Linear{.out = 10}});
  const Model fused = nn::sequential({nn::FusedMlp{.width = 64, .hidden = 3, .out = 10}});
  const Model lenet =
      nn::sequential({nn::Conv2d{.out = 6, .kernel = 5, .padding = 2}, nn::Relu{}, nn::MaxPool2d{},
                      nn::Conv2d{.out = 16, .kernel = 5}, nn::Relu{}, nn::MaxPool2d{}, nn::Flatten{},
                      nn::Linear{.out = 120}, nn::Relu{}, nn::Linear{.out = 84}, nn::Relu{}, nn::Linear{.out = 10}});
  return {step("784-128-10, batch 64, SGD", perceptron({128}), image, 10, 64, optim::Sgd{}),
          step("784-512-10, batch 128, Adam", perceptron({512}), image, 10, 128, optim::Adam{}),
          step("784-500-10, batch 500, AdamW", perceptron({500}), image, 10, 500, optim::AdamW{}),
          step("784-64-64-64-10, batch 256, Adam", perceptron({64, 64, 64}), image, 10, 256, optim::Adam{}),
          step("32-64-64-64-10, batch 4096, Adam", perceptron({64, 64, 64}), {32}, 10, 4096, optim::Adam{}),
          step("32-64-64-64-10, fused, batch 4096, Adam", fused, {32}, 10, 4096, optim::Adam{}),
          step("two convolutions, batch 64, Adam", convolutional, image, 10, 64, optim::Adam{}),
          step("LeNet-5, batch 128, Adam", lenet, image, 10, 128, optim::Adam{})};
}

}  // namespace lemnos::tool
