// An application's own op, "bent identity", with its own kernel: tested as Lemnos tests its ops, then used in training.

#include <cmath>
#include <cstdio>

#include <lemnos/check.h>
#include <lemnos/op.h>
#include <lemnos/lemnos.hpp>

#include "11_own_op.spv.h"  // made from 11_own_op.comp by the build

namespace lm = lemnos;

const lm::Kernel& kernel() {
  static const lm::Kernel made = lm::make_kernel("bent_identity", kBentIdentitySpirv);
  return made;
}
struct Spec {
  uint32_t workgroup_size = 64, backward = 0;
};
struct Params {
  uint32_t count;
  float bend;
};

// The attributes of the op. Printing, checks and files derive from `visit`.
struct BentIdentityAttrs {
  double bend = .5;

  void visit(auto&& f) { f("bend", bend); }
};

std::vector<lm::TensorDesc> infer(const lm::Infer& in) { return {in.in[0]}; }

// Forward takes x, backward x and dy; an unused binding gets x too.
std::vector<lm::Dispatch> lower(lm::Lower& c) {
  const bool backward = c.inputs() == 2;
  const auto count = static_cast<uint32_t>(c.out().elements());
  return {{.kernel = &kernel(),
           .tensors = {c.x(0), c.x(backward ? 1 : 0), c.y()},
           .spec = Spec{.backward = backward},
           .params = Params{count, static_cast<float>(c.attrs<BentIdentityAttrs>().bend)},
           .groups = (count + 63) / 64,
           .cost = {(c.inputs() + 1) * c.out().bytes(), 6ull * count}}};
}

// The definition, in plain loops over doubles.
void forward_reference(const lm::Reference& c) {
  const double bend = c.attrs<BentIdentityAttrs>().bend;
  for (size_t i = 0; i < c.in[0].size(); ++i) {
    const double x = c.in[0][i];
    c.out[0][i] = bend * (std::sqrt(x * x + 1) - 1) + x;
  }
}
void backward_reference(const lm::Reference& c) {
  const double bend = c.attrs<BentIdentityAttrs>().bend;
  for (size_t i = 0; i < c.in[0].size(); ++i) {
    const double x = c.in[0][i];
    c.out[0][i] = c.in[1][i] * (bend * x / std::sqrt(x * x + 1) + 1);
  }
}

// The forward function composed of Lemnos's ops, for second derivatives.
lm::Primal primal(lm::Graph& graph, const lm::Node& node) {
  const lm::Value x(&graph, node.inputs[0]), dy(&graph, node.inputs[1]);
  const auto bend = static_cast<float>(node.attrs.as<BentIdentityAttrs>().bend);
  return {.y = {bend * (lm::sqrt(lm::square(x) + 1) - 1) + x}, .dy = {dy}, .x = {x}};
}

const lm::OpDef kBackward = {.name = "bent_identity_backward",
                             .infer = infer,
                             .lower = lower,
                             .reference = backward_reference,
                             .attrs = lm::attrs_of<BentIdentityAttrs>,
                             .primal = primal};
std::vector<lm::Value> grad(lm::Grad& g) {
  return {g.graph.add(kBackward, {g.in(0), g.dy()}, g.attrs<BentIdentityAttrs>())};
}
const lm::OpDef kForward = {.name = "bent_identity",
                            .infer = infer,
                            .grad = grad,
                            .lower = lower,
                            .reference = forward_reference,
                            .attrs = lm::attrs_of<BentIdentityAttrs>};

lm::Value bent_identity(lm::Value x) { return x.graph().add(kForward, {x}, BentIdentityAttrs{.bend = .5}); }

int main() try {
  const lm::Device device = lm::Device::best();
  std::vector<lm::check::Case> cases;
  for (const lm::Shape& shape : {lm::Shape{1}, {63}, {64}, {65}, {113, 41}, {2, 3, 29}})
    cases.push_back({.op = kForward.name,
                     .inputs = {{.shape = shape}},
                     .attrs = BentIdentityAttrs{.bend = .75},
                     .tolerance = lm::check::custom(1e-6, 2e-6, "a root of at most 3 ulp, less 1"),
                     .no_huge = "x^2 is past f32",
                     .definition = &kForward});
  const lm::check::Report report = lm::check::run(cases, device);
  std::printf("%s\n", report.text().c_str());

  const lm::Model model = lm::nn::sequential(
      {lm::nn::Linear{.out = 8}, lm::nn::function("bent_identity", bent_identity), lm::nn::Linear{.out = 1}});
  lm::Trainer trainer{device, model, {.loss = lm::loss::Mse{}, .optimizer = lm::optim::Adam{.lr = .05f}}};
  const lm::data::Dataset points = lm::data::logic_xor();
  trainer.begin(points, 4);
  trainer.step(400);
  const double loss = trainer.evaluate(points, 4).loss;
  std::printf("exclusive or to a loss of %.5f\n", loss);
  return report.passed() && loss < .01 ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
