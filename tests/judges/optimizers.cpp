// Optimizers: twenty steps of two parameters whose gradients are inputs, without a Trainer.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/text.h"
#include "judges/pytorch.h"
#include "lemnos/autograd.h"
#include "lemnos/minimize.h"
#include "lemnos/ops.h"
#include "lemnos/optim.h"

namespace lemnos::judges {

namespace {

using namespace optim;

// The options of a run, read by name; what is left unread has no counterpart.
class Defaults {
 public:
  explicit Defaults(const Json& json) : json_(json) {}
  float number(const char* name) const { return json_.at(name).get<float>(); }
  bool flag(const char* name) const { return json_.at(name).get<bool>(); }
  float beta(size_t i) const { return json_.at("betas").at(i).get<float>(); }
  float second(const char* name) const { return json_.at(name).at(1).get<float>(); }
  std::pair<float, float> pair(const char* name) const {
    return {json_.at(name).at(0).get<float>(), json_.at(name).at(1).get<float>()};
  }

 private:
  const Json& json_;
};

Optimizer sgd(const Defaults& d) {
  return Sgd{d.number("lr"), d.number("momentum"), d.number("dampening"), d.number("weight_decay"), d.flag("nesterov")};
}

Optimizer adagrad(const Defaults& d) {
  return Adagrad{.lr = d.number("lr"),
                 .lr_decay = d.number("lr_decay"),
                 .eps = d.number("eps"),
                 .initial = d.number("initial_accumulator_value"),
                 .weight_decay = d.number("weight_decay")};
}

Optimizer adadelta(const Defaults& d) {
  return Adadelta{d.number("lr"), d.number("rho"), d.number("eps"), d.number("weight_decay")};
}

Optimizer rmsprop(const Defaults& d) {
  return RmsProp{.lr = d.number("lr"),
                 .alpha = d.number("alpha"),
                 .eps = d.number("eps"),
                 .momentum = d.number("momentum"),
                 .centered = d.flag("centered"),
                 .weight_decay = d.number("weight_decay")};
}

// What Adam and its kin have in common.
template <typename Kin>
Kin kin(const Defaults& d) {
  Kin made;
  made.lr = d.number("lr");
  made.beta1 = d.beta(0);
  made.beta2 = d.beta(1);
  made.eps = d.number("eps");
  made.weight_decay = d.number("weight_decay");
  if constexpr (requires { made.amsgrad; }) made.amsgrad = d.flag("amsgrad");
  if constexpr (requires { made.decoupled; }) made.decoupled = d.flag("decoupled_weight_decay");
  if constexpr (requires { made.momentum_decay; }) made.momentum_decay = d.number("momentum_decay");
  return made;
}

Optimizer asgd(const Defaults& d) {
  return Asgd{d.number("lr"), d.number("lambd"), d.number("alpha"), d.number("t0"), d.number("weight_decay")};
}

Optimizer rprop(const Defaults& d) {
  const auto [shrink, grow] = d.pair("etas");
  const auto [least, most] = d.pair("step_sizes");
  return Rprop{.lr = d.number("lr"), .shrink = shrink, .grow = grow, .least = least, .most = most};
}

Optimizer adafactor(const Defaults& d) {
  return Adafactor{.lr = d.number("lr"),
                   .exponent = d.number("beta2_decay"),
                   .least_scale = d.second("eps"),
                   .clip_threshold = d.number("d"),
                   .weight_decay = d.number("weight_decay")};
}

const std::map<std::string, std::function<Optimizer(const Defaults&)>>& optimizers() {
  static const std::map<std::string, std::function<Optimizer(const Defaults&)>> known = {
      {"SGD", sgd},          {"Adagrad", adagrad},  {"Adadelta", adadelta},  {"RMSprop", rmsprop},
      {"Adam", kin<Adam>},   {"AdamW", kin<AdamW>}, {"Adamax", kin<Adamax>}, {"NAdam", kin<NAdam>},
      {"RAdam", kin<RAdam>}, {"ASGD", asgd},        {"Rprop", rprop},        {"Adafactor", adafactor},
  };
  return known;
}

std::vector<float> floats(const Array& array) { return {array.values.begin(), array.values.end()}; }

// The court's closure gives a loss of 0 and the same gradients wherever it is asked in a step. The method runs on the
// host, whatever the device.
Outcome judge_lbfgs(const Json& run, const Arrays& arrays) {
  const Json& d = run.at("defaults");
  Lbfgs lbfgs({.lr = d.at("lr").get<double>(),
               .max_iterations = d.at("max_iter").get<int64_t>(),
               .max_evaluations = d.at("max_eval").get<int64_t>(),
               .tolerance_gradient = d.at("tolerance_grad").get<double>(),
               .tolerance_change = d.at("tolerance_change").get<double>(),
               .history = d.at("history_size").get<int64_t>(),
               .line_search = d.at("line_search_fn") == "strong_wolfe"});
  const auto both = [&](const std::string& first, const std::string& second) {
    std::vector<double> joined;
    for (const std::string& name : {first, second})
      joined.insert(joined.end(), arrays.at(name).values.begin(), arrays.at(name).values.end());
    return joined;
  };
  std::vector<double> x = both("start0", "start1");
  const Json& after = run.at("after");
  for (size_t step = 0; step < after.size(); ++step) {
    const std::vector<double> given = both(text("grad", step, ".0"), text("grad", step, ".1"));
    (void)lbfgs.step(x, [&](std::span<const double>, std::span<double> gradient) {
      std::ranges::copy(given, gradient.begin());
      return 0;
    });
    const std::vector<double> want = both(after[step][0].get<std::string>(), after[step][1].get<std::string>());
    const std::string bad = difference({.shape = {static_cast<int64_t>(want.size())}, .values = want},
                                       {static_cast<int64_t>(want.size())}, x, kCourt);
    if (!bad.empty()) return Outcome::wrong(text("parameters after step ", step + 1, ' ', bad));
  }
  return {};
}

Outcome judge_run(const Device& device, const Json& run, const Arrays& arrays) try {
  const auto name = run.at("optimizer").get<std::string>();
  if (name == "LBFGS") return judge_lbfgs(run, arrays);
  const auto make = optimizers().find(name);
  express_if(make != optimizers().end(), "no optimizer: " + name);
  const Defaults defaults(run.at("defaults"));
  const Optimizer optimizer = make->second(defaults);

  Graph graph;
  std::vector<Value> parameters, inputs, gradients;
  for (size_t i = 0; i < 2; ++i) {
    const Array& start = arrays.at(text("start", i));
    parameters.push_back(graph.parameter(text('p', i), start.shape, floats(start)));
    inputs.push_back(graph.input(text('g', i), {start.shape, DType::f32}));
    gradients.push_back(defaults.flag("maximize") ? -inputs[i] : inputs[i]);
  }
  place_gradients(parameters, gradients);
  const Value updated = apply(graph, optimizer);
  const Value next = advance_step(step_state(graph), advance_options(optimizer));
  const auto session = device.open(graph);
  const auto program = session->compile({.targets = {updated, next}});
  const Json& after = run.at("after");
  for (size_t step = 0; step < after.size(); ++step) {
    for (size_t i = 0; i < 2; ++i) session->write(inputs[i], floats(arrays.at(text("grad", step, '.', i))));
    require(program->run() == Status::ok, ErrorCode::internal, "the program did not run");
    for (size_t i = 0; i < 2; ++i) {
      const std::vector<float> got = session->read_floats(parameters[i]);
      const Array& want = arrays.at(after[step][i].get<std::string>());
      const std::string bad = difference(want, want.shape, {got.begin(), got.end()}, kCourt);
      if (!bad.empty()) return Outcome::wrong(text("parameter ", i, " after step ", step + 1, ' ', bad));
    }
  }
  return {};
} catch (const Unexpressed& e) {
  return Outcome::unexpressed(e.what());
} catch (const Error& e) {
  return Outcome::wrong(e.what());
}

}  // namespace

void judge_optimizers(Report& report, const Device& device, const std::filesystem::path& folder,
                      const std::string& only) {
  const Json database = read_json(folder / "optimizers.json");
  const Arrays arrays(folder / "optimizers.safetensors");
  for (const Json& run : database.at("runs")) {
    const std::string op = "optimizer." + run.at("optimizer").get<std::string>();
    if (!only.empty() && op != only) continue;
    report.add("optimizers", op, text(op, ' ', run.at("kwargs").dump()), judge_run(device, run, arrays));
  }
}

}  // namespace lemnos::judges
