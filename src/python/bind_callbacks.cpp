// The history, and what happens beside the training: the callbacks of callback.h, functions and objects of Python.

#include "base/text.h"
#include "bind.h"
#include "bind_fit.h"
#include "generated.h"

namespace lemnos::python {

namespace {

// lemnos.FitRun: there as long as the fit runs.
struct PyFitRun {
  FitRun* run = nullptr;
  FitRun& checked() const {
    require(run != nullptr, ErrorCode::invalid_argument, "FitRun: the fit is over");
    return *run;
  }
};

FitRun& run_at(const Call& c) { return py::cast<const PyFitRun&>(c.at(0)).checked(); }

// An object of Python with any of begin, steps_done, epoch_done and end; a function is its epoch_done.
class PythonObserver final : public Observer {
 public:
  explicit PythonObserver(Held object) : object_(std::move(object)) {}
  ~PythonObserver() override {
    if (!Py_IsInitialized()) return;
    const py::gil_scoped_acquire acquire;
    if (seen_) seen_.cast<PyFitRun&>().run = nullptr;
    seen_ = py::object();
  }
  PythonObserver(const PythonObserver&) = delete;
  PythonObserver& operator=(const PythonObserver&) = delete;
  void begin(FitRun& run) override { call("begin", run); }
  void steps_done(FitRun& run) override { call("steps_done", run); }
  void epoch_done(FitRun& run) override { call("epoch_done", run); }
  void end(FitRun& run) override { call("end", run); }
  bool watches_steps() const override {
    const py::gil_scoped_acquire acquire;
    return py::hasattr(object_.get(), "steps_done");
  }
  int64_t every_steps() const override {
    const py::gil_scoped_acquire acquire;
    return py::cast<int64_t>(py::int_(py::getattr(object_.get(), "every_steps", py::int_(0))));
  }

 private:
  void call(const char* name, FitRun& run) {
    const py::gil_scoped_acquire acquire;
    const py::handle object = object_.get();
    if (!seen_) seen_ = py::cast(PyFitRun{&run});
    if (py::hasattr(object, name))
      object.attr(name)(seen_);
    else if (PyCallable_Check(object.ptr()) && std::string_view(name) == "epoch_done")
      object(seen_);
  }

  Held object_;
  py::object seen_;
};

struct PythonCallback {
  Held object;
  std::unique_ptr<Observer> observe() const { return std::make_unique<PythonObserver>(object); }
};

const History& history_at(const Call& c) { return py::cast<const History&>(c.at(0)); }

py::object dict_of(const History& history) {
  py::dict columns;
  for (const std::string& name : history.columns()) columns[py::str(name)] = give(history[name]);
  return columns;
}

py::object facts_of(const History& history) {
  py::dict facts;
  for (const auto& [name, fact] : history.facts())
    facts[py::str(name)] = std::visit([](const auto& v) { return give(v); }, fact);
  return facts;
}

void define_history(py::module_& module) {
  auto history = py::class_<History>(module, "History",
                                     "Numbers per epoch by name, and facts about the run. dict(history) works.");
  define(history,
         {{"__getitem__(self, column: str) -> list[float]", "One number an epoch.",
           [](const Call& c) { return give(history_at(c)[c.get<std::string>(1)]); }},
          {"__contains__(self, column: str) -> bool", "",
           [](const Call& c) { return give(history_at(c).has(c.get<std::string>(1))); }},
          {"__len__(self) -> int", "Epochs.", [](const Call& c) { return give(history_at(c).epochs()); }},
          {"keys(self) -> list[str]", "The columns.", [](const Call& c) { return give(history_at(c).columns()); }},
          {"last(self, column: str) -> float", "The number of the last epoch.",
           [](const Call& c) { return give(history_at(c).last(c.get<std::string>(1))); }},
          {"to_dict(self) -> dict[str, list[float]]", "All columns.",
           [](const Call& c) { return dict_of(history_at(c)); }},
          {"to_json(self) -> str", "With the facts; read again by read().",
           [](const Call& c) { return give(io::to_json(history_at(c))); }},
          {"to_csv(self) -> str", "A header line and a line an epoch.",
           [](const Call& c) { return give(io::to_csv(history_at(c))); }},
          {"write(self, path: str | os.PathLike[str]) -> None", "By extension, .json or .csv.",
           [](const Call& c) -> py::object {
             io::write_history(c.get<std::filesystem::path>(1), history_at(c));
             return py::none();
           }},
          {"__repr__(self) -> str", "",
           [](const Call& c) { return give(text("lemnos.History of ", history_at(c).epochs(), " epochs")); }}},
         {{"facts: dict[str, int | float | str]", "Device, seed, batch size, why it stopped, ..",
           [](const Call& c) { return facts_of(history_at(c)); }}});
  define(module,
         {{"read_history(path: str | os.PathLike[str]) -> History", "What History.write wrote.",
           [](const Call& c) -> py::object { return py::cast(io::read_history(c.get<std::filesystem::path>(0))); }}});
}

void define_run(py::module_& module) {
  auto run = py::class_<PyFitRun>(module, "FitRun", "A running fit, as a callback sees it.");
  define(run,
         {{"stop(self, reason: str) -> None", "Ends the fit after this call; the reason is the fact \"stopped\".",
           [](const Call& c) -> py::object {
             run_at(c).stop(c.get<std::string>(1));
             return py::none();
           }},
          {"put(self, column: str, value: float) -> None",
           "A number of the epoch that ended, for callbacks after this one and the history.",
           [](const Call& c) -> py::object {
             run_at(c).history.put(c.get<std::string>(1), c.get<double>(2));
             return py::none();
           }}},
         {{"progress: Progress", "Where the fit stands.", [](const Call& c) { return give(run_at(c).progress); }},
          {"history: History", "So far, a copy.",
           [](const Call& c) -> py::object { return py::cast(History(run_at(c).history)); }},
          {"steps: list[StepMetrics]", "In steps_done: those since the last call.",
           [](const Call& c) { return give(run_at(c).steps); }},
          {"stopped: bool", "", [](const Call& c) { return give(run_at(c).stopped()); }}});
}

}  // namespace

Callback From<Callback>::get(const Call& c, size_t i, py::handle h) {
  if (py::isinstance<Callback>(h)) return py::cast<const Callback&>(h);
  bool observes = PyCallable_Check(h.ptr()) && !PyType_Check(h.ptr());
  for (const char* name : {"begin", "steps_done", "epoch_done", "end"})
    observes = observes || (py::hasattr(h, name) && !PyType_Check(h.ptr()));
  if (!observes)
    wrong_type(c.where(i), h,
               "a Callback, a function of a FitRun, or an object with begin, steps_done, epoch_done or end");
  return PythonCallback{Held(py::reinterpret_borrow<py::object>(h))};
}

std::function<bool(const Progress&)> From<std::function<bool(const Progress&)>>::get(const Call& c, size_t i,
                                                                                     py::handle h) {
  if (!PyCallable_Check(h.ptr())) wrong_type(c.where(i), h, "a function of a Progress");
  const Held held(py::reinterpret_borrow<py::object>(h));
  return [held](const Progress& progress) {
    const py::gil_scoped_acquire acquire;
    const py::object answer = held.get()(give(progress));
    return answer.ptr() != Py_False;
  };
}

// A signal of the terminal is answered between two pieces of an epoch; the exception of its handler ends the fit.
void answer_signals(FitOptions& options) {
  options.on_progress = [then = std::move(options.on_progress)](const Progress& progress) {
    {
      const py::gil_scoped_acquire acquire;
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    }
    return !then || then(progress);
  };
}

void define_callbacks(py::module_& module) {
  define_history(module);
  define_run(module);
  auto callback = module.def_submodule(
      "callback",
      "What happens beside the training. A function of a FitRun, called after each epoch, is a callback too.");
  py::class_<Callback>(callback, "Callback", "Says how to observe a fit; one serves many.");
  define_entries(callback, callback_entries());
}

}  // namespace lemnos::python
