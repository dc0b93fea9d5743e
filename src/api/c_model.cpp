// lemnos.h: optimizers and layers by name, with options by name.

#include <functional>
#include <map>

#include "api/c_model.h"

namespace lemnos::c {

namespace {

using Numbers = std::map<std::string, double>;

Numbers numbers_of(const lemnos_option* options, uint64_t count, const char* who) {
  Numbers numbers;
  for (uint64_t i = 0; i < count; ++i) {
    const lemnos_option option = input_at(options, i, who);
    numbers[&given(option.name, who, "an option's name")] = option.value;
  }
  return numbers;
}

// Takes the options that a thing has, and then refuses what is left.
class Taker {
 public:
  Taker(std::string who, Numbers numbers) : who_(std::move(who)), numbers_(std::move(numbers)) {}
  template <typename T>
  Taker& operator()(const char* name, T& field) {
    known_ += (known_.empty() ? "" : ", ") + std::string(name);
    if (const auto found = numbers_.find(name); found != numbers_.end()) {
      field = static_cast<T>(found->second);
      numbers_.erase(found);
    }
    return *this;
  }
  void finish() const {
    if (numbers_.empty()) return;
    fail(ErrorCode::not_found, who_, ": no option '", numbers_.begin()->first, "'; there are ",
         known_.empty() ? "none" : known_);
  }

 private:
  std::string who_, known_;
  Numbers numbers_;
};

void take(optim::Sgd& o, Taker& t) {
  t("lr", o.lr)("momentum", o.momentum)("dampening", o.dampening)("weight_decay", o.weight_decay)("nesterov",
                                                                                                  o.nesterov);
}
void take(optim::Adagrad& o, Taker& t) {
  t("lr", o.lr)("lr_decay", o.lr_decay)("eps", o.eps)("initial", o.initial)("weight_decay", o.weight_decay);
}
void take(optim::Adadelta& o, Taker& t) { t("lr", o.lr)("rho", o.rho)("eps", o.eps)("weight_decay", o.weight_decay); }
void take(optim::RmsProp& o, Taker& t) {
  t("lr", o.lr)("alpha", o.alpha)("eps", o.eps)("momentum", o.momentum)("centered", o.centered);
  t("weight_decay", o.weight_decay);
}
template <typename T>
void take_moments(T& o, Taker& t) {
  t("lr", o.lr)("beta1", o.beta1)("beta2", o.beta2)("eps", o.eps)("weight_decay", o.weight_decay);
}
void take(optim::Adam& o, Taker& t) { take_moments(o, t), t("amsgrad", o.amsgrad); }
void take(optim::AdamW& o, Taker& t) { take_moments(o, t), t("amsgrad", o.amsgrad); }
void take(optim::NAdam& o, Taker& t) { take_moments(o, t), t("momentum_decay", o.momentum_decay); }
void take(optim::Adamax& o, Taker& t) { take_moments(o, t); }
void take(optim::RAdam& o, Taker& t) { take_moments(o, t); }
void take(optim::Lion& o, Taker& t) {
  t("lr", o.lr)("beta1", o.beta1)("beta2", o.beta2)("weight_decay", o.weight_decay);
}
void take(optim::Lamb& o, Taker& t) { take_moments(o, t); }
void take(optim::Muon& o, Taker& t) {
  t("lr", o.lr)("momentum", o.momentum)("nesterov", o.nesterov)("iterations", o.iterations);
  t("weight_decay", o.weight_decay)("adamw_lr", o.adamw.lr)("adamw_weight_decay", o.adamw.weight_decay);
  t("beta1", o.adamw.beta1)("beta2", o.adamw.beta2)("eps", o.adamw.eps);
}

using MakeLayer = std::function<nn::Layer(Taker&)>;

template <typename T>
MakeLayer plain() {
  return [](Taker&) { return nn::Layer(T{}); };
}

const std::map<std::string, MakeLayer>& layer_makers() {
  static const std::map<std::string, MakeLayer> makers = {
      {"linear",
       [](Taker& t) {
         nn::Linear layer;
         t("out", layer.out)("bias", layer.bias);
         return nn::Layer(layer);
       }},
      {"relu", plain<nn::Relu>()},
      {"sigmoid", plain<nn::Sigmoid>()},
      {"tanh", plain<nn::Tanh>()},
      {"gelu", plain<nn::Gelu>()},
      {"silu", plain<nn::Silu>()},
      {"softmax", plain<nn::Softmax>()},
      {"flatten", plain<nn::Flatten>()},
      {"leaky_relu",
       [](Taker& t) {
         nn::LeakyRelu layer;
         t("slope", layer.slope);
         return nn::Layer(layer);
       }},
      {"dropout",
       [](Taker& t) {
         nn::Dropout layer;
         t("rate", layer.rate);
         return nn::Layer(layer);
       }},
  };
  return makers;
}

nn::Layer layer_of(const lemnos_layer& from) {
  const std::string kind = &given(from.kind, "layer", "kind");
  const auto found = layer_makers().find(kind);
  if (found == layer_makers().end()) {
    std::string known;
    for (const auto& [name, make] : layer_makers()) known += (known.empty() ? "" : ", ") + name;
    fail(ErrorCode::not_found, "no layer '", kind, "'; there are ", known);
  }
  Taker taker(kind, numbers_of(from.options, from.option_count, kind.c_str()));
  nn::Layer layer = found->second(taker);
  taker.finish();
  return layer;
}

}  // namespace

optim::Optimizer optimizer_of(const char* name, const lemnos_option* options, uint64_t count) {
  const std::string word = text_of(name, "adam");
  optim::Optimizer optimizer = optim::optimizer_from_name(word);
  Taker taker(word, numbers_of(options, count, word.c_str()));
  std::visit([&](auto& o) { take(o, taker); }, optimizer);
  taker.finish();
  return optimizer;
}

Model model_of(const lemnos_layer* layers, uint32_t count) {
  require(count > 0, ErrorCode::invalid_argument, "trainer_create: a model of 0 layers");
  std::vector<nn::Layer> made;
  for (uint32_t i = 0; i < count; ++i) made.push_back(layer_of(input_at(layers, i, "trainer_create")));
  return nn::sequential(std::move(made));
}

Loss loss_of(const char* name) {
  const std::string word = text_of(name, "cross_entropy");
  if (word == "cross_entropy") return loss::CrossEntropy{};
  if (word == "mse") return loss::Mse{};
  fail(ErrorCode::not_found, "no loss '", word, "'; there are cross_entropy, mse");
}

}  // namespace lemnos::c
