// lemnos.h: optimizers, layers and losses by name, with options by name. All of it derives from the structs of C++.

#include "api/c_model.h"

#include <cmath>

#include "graph/makers.h"

namespace lemnos::c {

namespace {

int64_t whole(double value, const std::string& who, const std::string& name) {
  require(value == std::nearbyint(value) && std::abs(value) < 0x1p63, ErrorCode::invalid_argument, who, ": option '",
          name, "' is ", value, ", it takes whole numbers");
  return static_cast<int64_t>(value);
}

// The value that an option gives to a field declared so.
Attrs::AttrValue value_of(const AttrDef& def, const lemnos_option& option, const std::string& who) {
  using Kind = AttrDef::Kind;
  if (def.kind() == Kind::word) {
    require(option.word != nullptr, ErrorCode::invalid_argument, who, ": option '", def.name, "' takes a word");
    return option.word;
  }
  require(option.word == nullptr, ErrorCode::invalid_argument, who, ": option '", def.name, "' is '", option.word,
          "', it takes numbers");
  require(option.values || option.value_count == 0, ErrorCode::invalid_argument, who, ": option '", def.name, "' has ",
          option.value_count, " values, and they are NULL");
  const std::span<const double> values =
      option.values ? std::span(option.values, option.value_count) : std::span(&option.value, 1);
  if (def.kind() == Kind::reals) return std::vector<double>(values.begin(), values.end());
  if (def.kind() == Kind::integers) {
    if (values.size() == 1 && def.count > 0) return whole(values[0], who, def.name);
    std::vector<int64_t> list;
    for (double value : values) list.push_back(whole(value, who, def.name));
    return list;
  }
  require(values.size() == 1, ErrorCode::invalid_argument, who, ": option '", def.name, "' has ", values.size(),
          " values, it takes 1");
  if (def.kind() == Kind::integer) return whole(values[0], who, def.name);
  return values[0];
}

template <typename T>
T make(const Maker<T>& maker, const lemnos_option* options, uint64_t count) {
  Attrs given_options;
  for (uint64_t i = 0; i < count; ++i) {
    const lemnos_option option = input_at(options, i, maker.name);
    const std::string name = &given(option.name, maker.name, "an option's name");
    const AttrDef* def = maker.options.find(name);
    require(def != nullptr, ErrorCode::not_found, maker.name, ": no option '", name, "'; there are ",
            maker.options.names());
    given_options.set(name, value_of(*def, option, maker.name));
  }
  return maker.make(given_options);
}

// Made once; "" where that fails, as there is no error to return.
template <typename T>
const char* names_of(std::span<const Maker<T>> (*makers)()) {
  const char* text = "";
  (void)guard(nullptr, [&] {
    static const std::string names = [&] {
      std::string joined;
      for (const Maker<T>& maker : makers()) joined += (joined.empty() ? "" : " ") + std::string(maker.name);
      return joined;
    }();
    text = names.c_str();
  });
  return text;
}

}  // namespace

optim::Optimizer optimizer_of(const char* name, const lemnos_option* options, uint64_t count) {
  return make(find_maker(optim::optimizer_makers(), text_of(name, "adam"), "optimizer"), options, count);
}

Model model_of(const lemnos_layer* layers, uint32_t count) {
  require(count > 0, ErrorCode::invalid_argument, "trainer_create: a model of 0 layers");
  std::vector<nn::Layer> made;
  for (uint32_t i = 0; i < count; ++i) {
    const lemnos_layer layer = input_at(layers, i, "trainer_create");
    const std::string kind = &given(layer.kind, "layer", "kind");
    made.push_back(make(find_maker(nn::layer_makers(), kind, "layer"), layer.options, layer.option_count));
  }
  return nn::sequential(std::move(made));
}

Loss loss_of(const char* name, const lemnos_option* options, uint64_t count) {
  return make(find_maker(loss::loss_makers(), text_of(name, "cross_entropy"), "loss"), options, count);
}

}  // namespace lemnos::c

extern "C" {

const char* lemnos_layer_names(void) { return lemnos::c::names_of(lemnos::nn::layer_makers); }
const char* lemnos_loss_names(void) { return lemnos::c::names_of(lemnos::loss::loss_makers); }
const char* lemnos_optimizer_names(void) { return lemnos::c::names_of(lemnos::optim::optimizer_makers); }

}  // extern "C"
