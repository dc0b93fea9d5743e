// Layers, losses, optimizers and initialisers: what a Maker makes, and functions of Python.

#include <algorithm>

#include "base/text.h"
#include "bind.h"
#include "generated.h"
#include "graph/makers.h"

namespace lemnos::python {

namespace {

bool is_keyword(const std::string& name) { return name == "lambda" || name == "from"; }

// "weight_init.kind" and its neighbours are one argument; "lambda" is "lambda_".
std::string option_name(const std::string& name) {
  const std::string first = name.substr(0, name.find('.'));
  return is_keyword(first) ? first + "_" : first;
}

std::string default_of(const AttrDef& def, bool flag) {
  if (def.kind() == AttrDef::Kind::integer) {
    const auto value = std::get<int64_t>(def.value);
    return flag ? (value ? "True" : "False") : std::to_string(value);
  }
  if (def.kind() == AttrDef::Kind::real) return py::str(py::float_(std::get<double>(def.value)));
  if (def.kind() == AttrDef::Kind::word) return text("'", std::get<std::string>(def.value), "'");
  const py::object list = def.kind() == AttrDef::Kind::integers ? give(std::get<std::vector<int64_t>>(def.value))
                                                                : give(std::get<std::vector<double>>(def.value));
  return py::repr(py::tuple(list));
}

std::string type_of(const AttrDef& def, bool flag) {
  switch (def.kind()) {
    case AttrDef::Kind::integer: return flag ? "bool" : "int";
    case AttrDef::Kind::real: return "float";
    case AttrDef::Kind::reals: return "Sequence[float]";
    case AttrDef::Kind::integers: return def.count ? "int | Sequence[int]" : "Sequence[int]";
    case AttrDef::Kind::word: break;
  }
  if (def.words.empty()) return "str | Sequence[str]";
  std::string words;
  for (const char* word : def.words) words += text(words.empty() ? "'" : ", '", word, "'");
  return "Literal[" + words + "]";
}

bool is_flag(const char* flags, const std::string& name) {
  return (" " + std::string(flags) + " ").find(" " + name + " ") != std::string::npos;
}

std::string signature_of(const AttrSchema& schema, const MakerText& known, const char* made) {
  std::string parameters;
  std::vector<std::string> seen;
  for (const AttrDef& def : schema) {
    const std::string name = option_name(def.name);
    if (std::ranges::count(seen, name)) continue;
    seen.push_back(name);
    const bool inner = def.name.find('.') != std::string::npos, flag = is_flag(known.flags, def.name);
    parameters += (parameters.empty() ? "" : ", ") + name +
                  (inner ? ": Init | str | Mapping[str, Any] | None = None"
                         : ": " + type_of(def, flag) + " = " + default_of(def, flag));
  }
  return text(known.name, "(", parameters, ") -> ", made);
}

template <typename T>
void define_makers(py::module_& module, std::span<const Maker<T>> makers, const char* space, const char* made) {
  for (const Maker<T>& maker : makers) {
    const auto texts = maker_texts();
    const auto known = std::ranges::find_if(
        texts, [&](const MakerText& t) { return t.kind == std::string(maker.name) && t.space == std::string(space); });
    require(known != texts.end(), ErrorCode::internal, "python: ", maker.name, " is in no header of generate.py");
    const auto call = [maker, name = std::string(known->name)](const Call& c) {
      py::kwargs given;
      for (size_t i = 0; i < c.size(); ++i) {
        if (!c.has(i)) continue;
        const std::string argument = c.where(i).argument;
        given[py::str(argument.ends_with('_') ? argument.substr(0, argument.size() - 1) : argument)] = c.at(i);
      }
      return py::cast(maker.make(attrs_of_arguments(name, maker.options, given)));
    };
    define(module, {Function{signature_of(maker.options, *known, made), known->doc, call}});
  }
}

// A function of Python that C++ calls while it builds a graph.
template <typename... Arguments>
py::object call_building(const Held& function, Arguments... arguments) {
  return function.get()(std::move(arguments)...);
}

Value value_made(const std::string& kind, const py::object& made, const Graph& graph) {
  if (!py::isinstance<PyValue>(made)) wrong_type({kind, "what it returned"}, made, "a Value");
  const Value value = py::cast<const PyValue&>(made).value();
  require(&value.graph() == &graph, ErrorCode::invalid_argument, kind, ": it returned a value of another graph");
  return value;
}

std::vector<Value> values_made(const std::string& kind, const py::object& made, const Graph& graph) {
  std::vector<Value> values;
  if (py::isinstance<PyValue>(made)) return {value_made(kind, made, graph)};
  for (const py::object& item : items_of({kind, "what it returned"}, made, "a Value or a list of them"))
    values.push_back(value_made(kind, item, graph));
  return values;
}

py::object scope_of(const nn::Scope& scope) { return py::cast(PyScope{scope, home_of(scope.graph())}); }

nn::Layer layer_of(const std::string& kind, const Held& function, bool many) {
  if (many)
    return nn::Layer(kind, nn::Layer::Many([kind, function](const nn::Scope& scope, const std::vector<Value>& inputs) {
                       const py::gil_scoped_acquire acquire;
                       const Building building;
                       return values_made(kind, call_building(function, scope_of(scope), give(inputs)), scope.graph());
                     }));
  return nn::Layer(kind, nn::Layer::One([kind, function](const nn::Scope& scope, Value x) {
                     const py::gil_scoped_acquire acquire;
                     const Building building;
                     return value_made(kind, call_building(function, scope_of(scope), give(x)), scope.graph());
                   }));
}

Loss loss_of(const std::string& kind, const Held& function, bool classes, bool many) {
  return {kind, classes,
          [kind, function, many](const std::vector<Value>& predictions, const std::vector<Value>& targets,
                                 loss::Mask mask) {
            require(many || (predictions.size() == 1 && targets.size() == 1), ErrorCode::shape_mismatch, "loss: ", kind,
                    " judges one output, there are ", predictions.size(), " and ", targets.size(), " targets");
            const py::gil_scoped_acquire acquire;
            Graph& graph = predictions.at(0).graph();
            const Building building;
            (void)home_of(graph);
            const py::object weights = give(mask.rows);
            return value_made(kind,
                              many ? call_building(function, give(predictions), give(targets), weights)
                                   : call_building(function, give(predictions[0]), give(targets[0]), weights),
                              graph);
          }};
}

std::string name_of_function(py::handle function) {
  const py::object name = py::getattr(function, "__name__", py::type::handle_of(function).attr("__name__"));
  const std::string word = py::str(name);
  return word == "<lambda>" ? "function" : word;
}

// A loss beside the loss: any Loss, or a function (prediction, target, mask).
struct LossMetric {
  Loss of;
  Value operator()(Value prediction, Value target, loss::Mask mask) const { return of({prediction}, {target}, mask); }
  Value weight(Value target, loss::Mask mask) const { return of.weights({target}, mask).at(0); }
};

const PyScope& scope_at(const Call& c) { return py::cast<const PyScope&>(c.at(0)); }

void define_scope(py::module_& nn) {
  auto scope =
      py::class_<PyScope>(nn, "Scope", "Where a layer builds: a graph, a prefix for names, and whether it trains.");
  define(scope,
         {{"parameter(self, name: str, shape: Sequence[int], init: Init | str | None = None, fan_in: int = 0) -> Value",
           "The trained tensor of that name under this scope: made at the first call, found again at the next.",
           [](const Call& c) {
             return give(scope_at(c).checked().parameter(c.get<std::string>(1), c.get<Shape>(2),
                                                         c.get<Init>(3, Init::linear_default()), c.get<int64_t>(4, 0)));
           }},
          {"variable(self, name: str, shape: Sequence[int], value: float = 0.0) -> Value",
           "A named f32 state that is not trained.",
           [](const Call& c) {
             return give(scope_at(c).checked().variable(c.get<std::string>(1), c.get<Shape>(2), c.get<float>(3, 0)));
           }},
          {"nested(self, name: str) -> Scope", "For a layer within: its names begin with this one.",
           [](const Call& c) -> py::object {
             return py::cast(PyScope{scope_at(c).checked().nested(c.get<std::string>(1)), scope_at(c).home});
           }},
          {"detached(self) -> Scope", "The same, whose parameters are constants to whoever differentiates.",
           [](const Call& c) -> py::object {
             return py::cast(PyScope{scope_at(c).checked().detached(), scope_at(c).home});
           }},
          {"computed(self, x: Value) -> Value", "x in the dtype that layers with weights compute in.",
           [](const Call& c) { return give(scope_at(c).checked().computed(c.get<Value>(1))); }}},
         {{"training: bool", "Whether this builds a training step.",
           [](const Call& c) { return give(scope_at(c).checked().training()); }},
          {"prefix: str", "The names of the scopes around, joined by dots.",
           [](const Call& c) { return give(scope_at(c).checked().prefix()); }},
          {"state: Value", "The StepState: what random ops draw their step from.",
           [](const Call& c) { return give(scope_at(c).checked().state()); }},
          {"seed: int", "Of the model.", [](const Call& c) { return give(scope_at(c).checked().seed()); }},
          {"graph: Graph", "The graph.", [](const Call& c) -> py::object {
             (void)scope_at(c).checked();
             return py::cast(PyGraph(scope_at(c).home));
           }}});
}

void define_layers(py::module_& nn) {
  auto layer =
      py::class_<nn::Layer>(nn, "Layer", "A function of a scope and a value, with a kind. A model is a layer.");
  define_scope(nn);
  define_init(layer, "__init__(self, kind: str, apply: Callable[[Scope, Any], Any], many: bool = False) -> None",
              "From a function (scope, x) -> value; with `many` of a list of inputs, which returns a list.",
              [](const Call& c) {
                return layer_of(c.get<std::string>(1), Held(py::reinterpret_borrow<py::object>(c.at(2))),
                                c.get<bool>(3, false));
              });
  define(layer,
         {{"__call__(self, scope: Scope, x: Value | Sequence[Value]) -> Any", "Adds its nodes to the scope's graph.",
           [](const Call& c) {
             const auto& self = py::cast<const nn::Layer&>(c.at(0));
             if (!py::isinstance<PyScope>(c.at(1))) wrong_type(c.where(1), c.at(1), "a Scope");
             const nn::Scope& scope = py::cast<const PyScope&>(c.at(1)).checked();
             if (py::isinstance<PyValue>(c.at(2))) return give(self(scope, c.get<Value>(2)));
             return give(self(scope, c.get<std::vector<Value>>(2)));
           }},
          {"__repr__(self) -> str", "",
           [](const Call& c) { return give("lemnos.nn.Layer " + py::cast<const nn::Layer&>(c.at(0)).kind()); }}},
         {{"kind: str", "\"linear\", \"sequential\", ..",
           [](const Call& c) { return give(py::cast<const nn::Layer&>(c.at(0)).kind()); }}});
  define_makers(nn, nn::layer_makers(), "lemnos::nn", "Layer");
  const auto layers = [](const Call& c, size_t i) { return c.get<std::vector<nn::Layer>>(i); };
  define(nn, {{"sequential(layers: Sequence[Layer | Callable[[Scope, Value], Value]]) -> Layer",
               "The layers one after the other; a function (scope, x) is a layer too.",
               [layers](const Call& c) -> py::object { return py::cast(nn::sequential(layers(c, 0))); }},
              {"residual(body: Layer | Callable[[Scope, Value], Value], shortcut: Layer | Callable[[Scope, Value], "
               "Value] | None = None) -> Layer",
               "x + body(x), or shortcut(x) + body(x).",
               [](const Call& c) -> py::object {
                 return py::cast(c.has(1) ? nn::residual(c.get<nn::Layer>(0), c.get<nn::Layer>(1))
                                          : nn::residual(c.get<nn::Layer>(0)));
               }},
              {"function(kind: str, apply: Callable[[Value], Value]) -> Layer", "A function of a value as a layer.",
               [](const Call& c) -> py::object {
                 const Held function(py::reinterpret_borrow<py::object>(c.at(1)));
                 const std::string kind = c.get<std::string>(0);
                 return py::cast(nn::function(kind, [kind, function](Value x) {
                   const py::gil_scoped_acquire acquire;
                   const Building building;
                   (void)home_of(x.graph());
                   return value_made(kind, call_building(function, give(x)), x.graph());
                 }));
               }}});
}

void define_losses(py::module_& module) {
  auto loss = py::class_<Loss>(module, "Loss",
                               "What is minimised: a function of predictions and targets, over the rows that count.");
  define_init(
      loss, "__init__(self, kind: str, apply: Callable[..., Value], classes: bool = False, many: bool = False) -> None",
      "From a function (prediction, target, mask) -> scalar; mask f32[B] says how much each row counts: "
      "masked_mean(losses, mask). "
      "With `many` of lists of predictions and targets.",
      [](const Call& c) {
        return loss_of(c.get<std::string>(1), Held(py::reinterpret_borrow<py::object>(c.at(2))), c.get<bool>(3, false),
                       c.get<bool>(4, false));
      });
  define(loss,
         {{"__repr__(self) -> str", "",
           [](const Call& c) { return give("lemnos.loss.Loss " + py::cast<const Loss&>(c.at(0)).kind()); }}},
         {{"kind: str", "\"cross_entropy\", ..",
           [](const Call& c) { return give(py::cast<const Loss&>(c.at(0)).kind()); }}});
  define_makers(module, loss::loss_makers(), "lemnos::loss", "Loss");
  define(module,
         {{"masked_mean(losses: Value, mask: Value) -> Value",
           "The mean of losses [B, ..] over the rows, by how much the mask counts each.",
           [](const Call& c) { return give(loss::masked_mean(c.get<Value>(0), c.get<Value>(1))); }},
          {"joint(terms: Sequence[Any]) -> Loss",
           "The weighted sum of a loss for each output: losses, or tuples (loss, weight) or (loss, weight, name).",
           [](const Call& c) -> py::object {
             std::vector<loss::Term> terms;
             for (const py::object& item : items_of(c.where(0), c.at(0), "a list of losses")) {
               if (!py::isinstance<py::tuple>(item)) {
                 terms.push_back({From<Loss>::get(c, 0, item)});
                 continue;
               }
               const auto parts = py::reinterpret_borrow<py::tuple>(item);
               if (parts.size() < 2 || parts.size() > 3) wrong_type(c.where(0), item, "(loss, weight, name)");
               terms.push_back({From<Loss>::get(c, 0, parts[0]), static_cast<float>(real_of(c.where(0), parts[1])),
                                parts.size() > 2 ? word_of(c.where(0), parts[2]) : ""});
             }
             return py::cast(loss::joint(std::move(terms)));
           }}});
}

void define_optimizers(py::module_& optim) {
  auto optimizer = py::class_<optim::Optimizer>(optim, "Optimizer", "How parameters follow their gradients.");
  define(optimizer,
         {{"__repr__(self) -> str", "",
           [](const Call& c) {
             return give("lemnos.optim.Optimizer " + optim::name_of(py::cast<const optim::Optimizer&>(c.at(0))));
           }}},
         {{"name: str", "\"adam\", ..",
           [](const Call& c) { return give(optim::name_of(py::cast<const optim::Optimizer&>(c.at(0)))); }},
          {"learning_rate: float", "Before schedules.",
           [](const Call& c) { return give(optim::learning_rate(py::cast<const optim::Optimizer&>(c.at(0)))); }}});
  define_makers(optim, optim::optimizer_makers(), "lemnos::optim", "Optimizer");
  auto schedule = py::class_<optim::Schedule>(optim, "Schedule", "The factor of the learning rate by the step.");
  define(schedule, {{"__call__(self, t: int) -> float", "The factor after so many steps.", [](const Call& c) {
                       return give(optim::factor_at(py::cast<const optim::Schedule&>(c.at(0)), c.get<int64_t>(1)));
                     }}});
  define_entries(optim, schedule_entries());
}

}  // namespace

const nn::Scope& PyScope::checked() const {
  require(home->graph != nullptr, ErrorCode::invalid_argument, "scope: it is there until the layer returns");
  return scope;
}

nn::Layer From<nn::Layer>::get(const Call& c, size_t i, py::handle h) {
  if (py::isinstance<nn::Layer>(h)) return py::cast<const nn::Layer&>(h);
  if (!PyCallable_Check(h.ptr())) wrong_type(c.where(i), h, "a Layer or a function of a scope and a value");
  return layer_of(name_of_function(h), Held(py::reinterpret_borrow<py::object>(h)), false);
}

Loss From<Loss>::get(const Call& c, size_t i, py::handle h) {
  if (py::isinstance<Loss>(h)) return py::cast<const Loss&>(h);
  if (py::isinstance<py::str>(h)) return loss::loss_from_name(py::cast<std::string>(h));
  if (!PyCallable_Check(h.ptr()))
    wrong_type(c.where(i), h, "a Loss, the name of one, or a function of prediction, target and mask");
  return loss_of(name_of_function(h), Held(py::reinterpret_borrow<py::object>(h)), false, false);
}

optim::Optimizer From<optim::Optimizer>::get(const Call& c, size_t i, py::handle h) {
  if (py::isinstance<optim::Optimizer>(h)) return py::cast<const optim::Optimizer&>(h);
  if (!py::isinstance<py::str>(h)) wrong_type(c.where(i), h, "an Optimizer or the name of one");
  return optim::optimizer_from_name(py::cast<std::string>(h));
}

optim::Schedule From<optim::Schedule>::get(const Call& c, size_t i, py::handle h) {
  if (!py::isinstance<optim::Schedule>(h)) wrong_type(c.where(i), h, "a Schedule of lemnos.optim");
  return py::cast<const optim::Schedule&>(h);
}

Init From<Init>::get(const Call& c, size_t i, py::handle h) {
  if (py::isinstance<Init>(h)) return py::cast<const Init&>(h);
  if (!py::isinstance<py::str>(h)) wrong_type(c.where(i), h, "an Init or the name of one");
  Init made;
  made.kind = From<Init::Kind>::get(c, i, h);
  return made;
}

std::vector<metrics::Metric> From<std::vector<metrics::Metric>>::get(const Call& c, size_t i, py::handle h) {
  if (!py::isinstance<py::dict>(h)) wrong_type(c.where(i), h, "a dict of metrics by name");
  std::vector<metrics::Metric> made;
  for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(h)) {
    const std::string name = word_of(c.where(i), key);
    if (py::isinstance<metrics::Metric::Function>(value))
      made.push_back({name, py::cast<const metrics::Metric::Function&>(value)});
    else
      made.push_back({name, LossMetric{From<Loss>::get(c, i, value)}});
  }
  return made;
}

void define_models(py::module_& module) {
  auto init = py::class_<Init>(module, "Init", "The values that a parameter starts from.");
  define_init(init, "__init__(self, kind: str, a: float = 0.0, b: float = 0.0, fan_out: bool = False) -> None",
              "A kind by its name, and its numbers (lemnos/init.h).", [](const Call& c) {
                Init made = c.get<Init>(1);
                c.set(2, made.a), c.set(3, made.b), c.set(4, made.fan_out);
                return made;
              });
  auto init_module = module.def_submodule("init", "Initialisers by name.");
  define_entries(init_module, init_entries());
  auto nn = module.def_submodule("nn", "Layers and models.");
  define_layers(nn);
  auto loss = module.def_submodule("loss", "Losses for a Trainer.");
  define_losses(loss);
  auto optim = module.def_submodule("optim", "Optimizers and learning-rate schedules.");
  define_optimizers(optim);
}

}  // namespace lemnos::python
