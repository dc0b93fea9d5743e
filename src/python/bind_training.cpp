// Trainer: fit, evaluate, predict, step by step, snapshots and files.

#include <cstring>

#include "base/text.h"
#include "bind.h"
#include "bind_fit.h"
#include "generated.h"

namespace lemnos::python {

namespace {

PyTrainer& trainer_at(const Call& c) { return py::cast<PyTrainer&>(c.at(0)); }

std::shared_ptr<PyTrainer> make_trainer(const Call& c) {
  const Device device = device_or_best(c, 1);
  const auto model = c.get<nn::Layer>(2);
  TrainerOptions options;
  Options<TrainerOptions>::set(c, 3, options);
  return std::make_shared<PyTrainer>(PyTrainer{Trainer(device, model, std::move(options))});
}

py::object fit(const Call& c) {
  PyTrainer& self = trainer_at(c);
  const DataArgument train(c, 1, 2);
  FitOptions options;
  std::optional<DataArgument> validation;  // lives as long as the fit
  constexpr size_t kFirst = 3, at_validation = kFirst + Options<FitOptions>::kValidation;
  Options<FitOptions>::set(c, kFirst, options);
  if (c.has(at_validation)) {
    validation.emplace(c.where(at_validation), c.at(at_validation));
    options.validation = validation->dataset();
    options.validation_source = validation->source();
  }
  answer_signals(options);
  History history;
  {
    const Busy busy(*self.mutex);
    history = train.source() ? self.trainer.fit(*train.source(), options) : self.trainer.fit(*train.dataset(), options);
  }
  return py::cast(std::move(history));
}

py::object evaluate(const Call& c) {
  PyTrainer& self = trainer_at(c);
  const DataArgument given(c, 1, 2);
  const auto batch = c.get<int64_t>(3, 256);
  Metrics made;
  {
    const Busy busy(*self.mutex);
    made =
        given.source() ? self.trainer.evaluate(*given.source(), batch) : self.trainer.evaluate(*given.dataset(), batch);
  }
  return give(made);
}

PyTensor rows_of(const std::vector<float>& values, int64_t rows) {
  const int64_t each = rows > 0 ? static_cast<int64_t>(values.size()) / rows : 0;
  return PyTensor::floats(Shape{rows, each}, values);
}

py::object predict(const Call& c) {
  PyTrainer& self = trainer_at(c);
  const DataArgument given(c.where(1), c.at(1));
  const auto batch = c.get<int64_t>(2, 256);
  const bool all = c.get<bool>(3, false);
  std::vector<std::vector<float>> made;
  {
    const Busy busy(*self.mutex);
    made = given.source() ? self.trainer.predict_all(*given.source(), batch)
                          : self.trainer.predict_all(*given.dataset(), batch);
  }
  const int64_t rows = given.source() ? given.source()->rows : given.dataset()->size();
  if (!all) return py::cast(rows_of(made.at(0), rows));
  py::list outputs;
  for (const auto& output : made) outputs.append(rows_of(output, rows));
  return outputs;
}

// Calls the trainer alone and without the interpreter's lock.
template <typename Body>
auto alone(PyTrainer& self, Body body) {
  const Busy busy(*self.mutex);
  return body(self.trainer);
}

py::object begin(const Call& c) {
  PyTrainer& self = trainer_at(c);
  const DataArgument given(c, 1, 2);
  require(given.dataset() != nullptr, ErrorCode::unsupported, "begin: takes a data set, a Source is for fit()");
  const auto batch = c.get<int64_t>(3, 32);
  const bool shuffle = c.get<bool>(4, true), drop_last = c.get<bool>(5, false);
  alone(self, [&](Trainer& trainer) { trainer.begin(*given.dataset(), batch, shuffle, drop_last); });
  return py::none();
}

Snapshot::Part part_of(const Call& c, size_t i) { return c.get<Snapshot::Part>(i, Snapshot::Part::everything); }

py::object parameters_of(const Call& c) {
  auto self = py::cast<std::shared_ptr<PyTrainer>>(c.at(0));
  py::dict made;
  for (const Value parameter : self->trainer.graph().parameters()) {
    PyTensor values = PyTensor::zeros(parameter.desc());
    alone(*self, [&](Trainer& trainer) {
      trainer.session().read(parameter, std::span(values.data(), values.desc().bytes()));
    });
    made[py::str(parameter.name())] = py::cast(values);
  }
  return made;
}

py::object set_parameter(const Call& c) {
  PyTrainer& self = trainer_at(c);
  const std::string name = c.get<std::string>(1);
  const Value parameter = self.trainer.graph().find(name);
  require(static_cast<bool>(parameter), ErrorCode::not_found, "set_parameter: there is no '", name, "'");
  const PyTensor values = tensor_of(c.where(2), c.at(2), parameter.desc());
  alone(self, [&](Trainer& trainer) { trainer.session().write(parameter, values.bytes()); });
  return py::none();
}

py::object load(const Call& c) {
  PyTrainer& self = trainer_at(c);
  const auto path = c.get<std::filesystem::path>(1);
  alone(self, [&](Trainer& trainer) { trainer.load(path); });
  return py::none();
}

py::object save(const Call& c) {
  PyTrainer& self = trainer_at(c);
  const auto path = c.get<std::filesystem::path>(1);
  const auto notes = c.get<std::map<std::string, std::string>>(2, {});
  alone(self, [&](Trainer& trainer) { trainer.save(path, notes); });
  return py::none();
}

py::object learning_rates(const Call& c) {
  if (!py::isinstance<PyTrainer>(c.at(0))) wrong_type(c.where(0), c.at(0), "a Trainer");
  auto& self = py::cast<PyTrainer&>(c.at(0));
  const DataArgument given(c, 1, 2);
  require(given.dataset() != nullptr, ErrorCode::unsupported, "find_learning_rate: takes a data set");
  LearningRateRangeOptions options;
  Options<LearningRateRangeOptions>::set(c, 3, options);
  return give(alone(self, [&](Trainer& trainer) { return find_learning_rate(trainer, *given.dataset(), options); }));
}

void define_snapshot(py::module_& module) {
  auto snapshot =
      py::class_<Snapshot>(module, "Snapshot", "A copy on the host of what a trainer has learned: tensors by name.");
  const auto at = [](const Call& c) -> const Snapshot& { return py::cast<const Snapshot&>(c.at(0)); };
  define(snapshot, {{"keys(self) -> list[str]", "The names, as in a checkpoint.",
                     [at](const Call& c) -> py::object {
                       py::list names;
                       for (const Snapshot::Tensor& tensor : at(c).tensors) names.append(tensor.name);
                       return names;
                     }},
                    {"__len__(self) -> int", "", [at](const Call& c) { return give(at(c).tensors.size()); }},
                    {"__getitem__(self, name: str) -> Tensor", "A copy.", [at](const Call& c) -> py::object {
                       const std::string name = c.get<std::string>(1);
                       for (const Snapshot::Tensor& tensor : at(c).tensors)
                         if (tensor.name == name) return py::cast(PyTensor(tensor.desc, tensor.bytes));
                       fail(ErrorCode::not_found, "snapshot: there is no '", name, "'");
                     }}});
}

PyTensor rows_predicted(Predictor& predictor, PyTrainer& trainer, const Where& where,
                        const std::vector<py::object>& inputs) {
  require(inputs.size() == predictor.inputs(), ErrorCode::shape_mismatch, "Predictor: ", inputs.size(),
          " inputs, the model has ", predictor.inputs());
  int64_t rows = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const PyTensor given = tensor_of(where, inputs[i]);
    const PyTensor x = tensor_of(where, inputs[i], {given.desc().shape, DType::f32});
    const std::span<float> to = predictor.input(i);
    const int64_t each = static_cast<int64_t>(to.size()) / predictor.most_rows();
    rows = x.desc().shape.rank() ? x.desc().shape[0] : 0;
    require(rows <= predictor.most_rows() && x.desc().elements() == rows * each, ErrorCode::shape_mismatch,
            "Predictor: x is ", x.desc(), ", it takes at most ", predictor.most_rows(), " rows of ", each, " numbers");
    std::memcpy(to.data(), x.data(), x.desc().bytes());
  }
  Status status = Status::ok;
  std::span<const float> output;
  {
    const Busy busy(*trainer.mutex);
    status = predictor.run(rows);
    if (status == Status::ok) output = predictor.output();
  }
  check(status, "Predictor");
  return PyTensor::floats(Shape{rows, static_cast<int64_t>(output.size()) / rows}, output);
}

// lemnos.Predictor.
struct PyPredictor {
  std::shared_ptr<PyTrainer> trainer;
  Predictor predictor;
};

void define_predictor(py::module_& module) {
  auto predictor =
      py::class_<PyPredictor>(module, "Predictor", "A trainer's outputs for a few rows at once, compiled before.");
  define_init(predictor, "__init__(self, trainer: Trainer, most_rows: int) -> None",
              "The trainer must know its inputs: from fit, evaluate or load.", [](const Call& c) {
                if (!py::isinstance<PyTrainer>(c.at(1))) wrong_type(c.where(1), c.at(1), "a Trainer");
                auto trainer = py::cast<std::shared_ptr<PyTrainer>>(c.at(1));
                const auto rows = c.get<int64_t>(2);
                const Busy busy(*trainer->mutex);
                return PyPredictor{trainer, Predictor(trainer->trainer, rows)};
              });
  define(predictor,
         {{"__call__(self, x: Array | Sequence[Array]) -> Tensor",
           "The rows of the first output for rows of the input, or of a list of inputs; float32.", [](const Call& c) {
             auto& self = py::cast<PyPredictor&>(c.at(0));
             const std::vector<py::object> inputs = is_array(c.at(1))
                                                        ? std::vector{py::reinterpret_borrow<py::object>(c.at(1))}
                                                        : items_of(c.where(1), c.at(1), "an array for each input");
             return py::cast(rows_predicted(self.predictor, *self.trainer, c.where(1), inputs));
           }}});
}

void define_fitting(const py::object& trainer) {
  static const std::string signature =
      std::string("fit(self, train: Dataset | Source | Array, y: Array | None = None, *, ") +
      Options<FitOptions>::kParameters + ") -> History";
  define(
      trainer,
      {{signature,
        "Trains for whole epochs, on a data set or on arrays x and y; calling it again goes on. KeyboardInterrupt ends "
        "it after the step in flight.",
        fit},
       {"evaluate(self, data: Dataset | Source | Array, y: Array | None = None, *, batch_size: int = 256) -> Metrics",
        "Loss, accuracy and metrics over all rows.", evaluate},
       {"predict(self, data: Dataset | Source | Array, *, batch_size: int = 256, all_outputs: bool = False) -> Any",
        "The model's output for each row, f32[N, ..]; of all outputs a list.", predict},
       {"begin(self, train: Dataset | Array, y: Array | None = None, *, batch_size: int = 32, shuffle: bool = True, "
        "drop_last: bool = False) -> None",
        "The loop in your own hands: then step().", begin},
       {"step(self, steps: int = 1) -> Metrics", "Runs so many steps in one submission; their means.",
        [](const Call& c) {
          const auto n = c.get<int64_t>(1, 1);
          return give(alone(trainer_at(c), [&](Trainer& t) { return t.step(n); }));
        }},
       {"counts(self) -> StepCounts", "What the device has counted over all steps.",
        [](const Call& c) { return give(alone(trainer_at(c), [](Trainer& t) { return t.counts(); })); }},
       {"recent_losses(self, count: int) -> list[float]", "Of the last steps, oldest first.",
        [](const Call& c) {
          const auto n = c.get<int64_t>(1);
          return give(alone(trainer_at(c), [&](Trainer& t) { return t.recent_losses(n); }));
        }},
       {"set_learning_rate_factor(self, factor: float) -> None", "Beside the schedule's.",
        [](const Call& c) -> py::object {
          const auto f = c.get<double>(1);
          alone(trainer_at(c), [&](Trainer& t) { t.set_learning_rate_factor(f); });
          return py::none();
        }},
       {"freeze(self, parameters: str) -> None", "Parameters of that name (\"*\" for any characters) stay as they are.",
        [](const Call& c) -> py::object {
          trainer_at(c).trainer.freeze(c.get<std::string>(1));
          return py::none();
        }},
       {"unfreeze(self) -> None", "All that freeze() named.",
        [](const Call& c) -> py::object {
          trainer_at(c).trainer.unfreeze();
          return py::none();
        }},
       {"summary(self, example: Sequence[int], batch_size: int = 32) -> str",
        "Layers, shapes, parameters and memory; `example` is the shape of one input.", [](const Call& c) {
          const Shape e = c.get<Shape>(1);
          const auto b = c.get<int64_t>(2, 32);
          return give(alone(trainer_at(c), [&](Trainer& t) { return t.summary(e, b); }));
        }}});
}

void define_learned(const py::object& trainer) {
  define(trainer,
         {{"save(self, path: str | os.PathLike[str], notes: Mapping[str, str] | None = None) -> None",
           "Weights, state and optimizer to a safetensors file.", save},
          {"load(self, path: str | os.PathLike[str]) -> None", "Also before any data was seen.", load},
          {"load_matching(self, path: str | os.PathLike[str], example: Sequence[int]) -> LoadReport",
           "What the model has by name and shape, and what became of the rest.",
           [](const Call& c) {
             const auto p = c.get<std::filesystem::path>(1);
             const Shape e = c.get<Shape>(2);
             return give(alone(trainer_at(c), [&](Trainer& t) { return t.load_matching(p, e); }));
           }},
          {"snapshot(self, part: Literal['model', 'everything'] = 'everything') -> Snapshot", "A copy on the host.",
           [](const Call& c) -> py::object {
             const auto part = part_of(c, 1);
             return py::cast(alone(trainer_at(c), [&](Trainer& t) { return t.snapshot(part); }));
           }},
          {"restore(self, snapshot: Snapshot) -> None", "Writes the tensors back.",
           [](const Call& c) -> py::object {
             if (!py::isinstance<Snapshot>(c.at(1))) wrong_type(c.where(1), c.at(1), "a Snapshot");
             const auto& snapshot = py::cast<const Snapshot&>(c.at(1));
             alone(trainer_at(c), [&](Trainer& t) { t.restore(snapshot); });
             return py::none();
           }},
          {"averaged(self) -> Snapshot", "With the running averages in place of the parameters.",
           [](const Call& c) -> py::object {
             return py::cast(alone(trainer_at(c), [](Trainer& t) { return t.averaged(); }));
           }},
          {"parameters(self) -> dict[str, Tensor]", "Copies by name, once the inputs are known.", parameters_of},
          {"set_parameter(self, name: str, values: Array | Sequence[Any]) -> None", "Of its shape, float32.",
           set_parameter},
          {"first_bad_node(self) -> str", "Of the next step: the first value that is not finite; empty when all are.",
           [](const Call& c) { return give(alone(trainer_at(c), [](Trainer& t) { return t.first_bad_node(); })); }}},
         {{"device: Device", "", [](const Call& c) -> py::object { return py::cast(trainer_at(c).trainer.device()); }},
          {"graph: Graph", "A graph on the trainer's state, for programs of your own.",
           [](const Call& c) -> py::object {
             auto self = py::cast<std::shared_ptr<PyTrainer>>(c.at(0));
             Graph& graph = self->trainer.graph();
             return py::cast(PyGraph(make_home(graph, self)));
           }},
          {"session: Session", "The memory of everything learned.", [](const Call& c) -> py::object {
             auto self = py::cast<std::shared_ptr<PyTrainer>>(c.at(0));
             return py::cast(std::make_shared<PySession>(
                 PySession{self, std::shared_ptr<Session>(self, &self->trainer.session()), self->mutex}));
           }}});
}

}  // namespace

void define_training(py::module_& module) {
  auto trainer = py::class_<PyTrainer, std::shared_ptr<PyTrainer>>(module, "Trainer",
                                                                   "A model, a loss and an optimizer on a device.");
  define_snapshot(module);
  define_predictor(module);
  static const std::string init =
      std::string("__init__(self, device: Device | str | None, model: Layer | Callable[[Scope, Value], Value], *, ") +
      Options<TrainerOptions>::kParameters + ") -> None";
  define_init(trainer, init.c_str(),
              "device None: the best. A loss is a Loss, its name, or a function (prediction, target, mask) -> scalar.",
              make_trainer);
  define_fitting(trainer);
  define_learned(trainer);
  define(module,
         {{std::string("find_learning_rate(trainer: Trainer, train: Dataset | Array, y: Array | None = None, *, ") +
               Options<LearningRateRangeOptions>::kParameters + ") -> LearningRateRange",
           "One step at each of many rates, growing; then the trainer is as it was. `suggestion`: where the loss falls "
           "fastest.",
           learning_rates}});
}

}  // namespace lemnos::python
