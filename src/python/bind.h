// The parts of the module, and what they share.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "convert.h"
#include "lemnos/check.h"
#include "lemnos/lemnos.hpp"

namespace lemnos::python {

/// A row of a generated table (generate.py).
struct Entry {
  const char* signature;
  const char* doc;
  py::object (*call)(const Call&);
};
/// What a layer, a loss or an optimizer is called in C++, what the header says of it, and which fields are flags.
struct MakerText {
  const char *kind, *space, *name, *doc, *flags;
};
std::span<const Entry> op_entries();
std::span<const Entry> data_entries();
std::span<const Entry> metric_entries();
std::span<const Entry> callback_entries();
std::span<const Entry> schedule_entries();
std::span<const Entry> init_entries();
std::span<const MakerText> maker_texts();
void define_records(py::module_& module);
void define_entries(py::module_& module, std::span<const Entry> entries);

/// The fields of a struct of options as parameters by keyword: `kParameters`, and `set` from argument `first` on.
template <typename T>
struct Options;

[[noreturn]] void fail_key(const Where& where, const std::string& key, const char* known);

// Devices and programs
// --------------------------------------------------------------------------------------------------

/// lemnos.Session: of a graph of Python's, or of a trainer. One thread at a time; the lock sees to it.
struct PySession {
  std::shared_ptr<void> keep;        // the device and the graph, or the trainer
  std::shared_ptr<Session> session;  // may be a trainer's
  std::shared_ptr<std::recursive_mutex> mutex;
};
struct PyProgram {
  std::shared_ptr<PySession> session;
  std::shared_ptr<Program> program;
};

/// A device by what Python calls it: a Device, or a selector for Device::find; None: the best.
template <>
struct From<Device> {
  static Device get(const Call& c, size_t i, py::handle h);
};
Device device_or_best(const Call& c, size_t i);

// Models
// ----------------------------------------------------------------------------------------------------------------

/// What Python gives where a layer is asked for: a Layer, or a function of a scope and a value.
template <>
struct From<nn::Layer> {
  static nn::Layer get(const Call& c, size_t i, py::handle h);
};
template <>
struct From<Loss> {
  static Loss get(const Call& c, size_t i, py::handle h);
};
template <>
struct From<optim::Optimizer> {
  static optim::Optimizer get(const Call& c, size_t i, py::handle h);
};
template <>
struct From<optim::Schedule> {
  static optim::Schedule get(const Call& c, size_t i, py::handle h);
};
/// {"mae": lemnos.loss.Mae(), "mine": function}
template <>
struct From<std::vector<metrics::Metric>> {
  static std::vector<metrics::Metric> get(const Call& c, size_t i, py::handle h);
};
template <>
struct From<Init> {
  static Init get(const Call& c, size_t i, py::handle h);
};

template <>
struct To<Init> {
  static py::object give(const Init& init) { return py::cast(init); }
};

/// lemnos.nn.Scope: there as long as the function that was given it runs.
struct PyScope {
  nn::Scope scope;
  std::shared_ptr<Home> home;
  const nn::Scope& checked() const;
};

// Training
// --------------------------------------------------------------------------------------------------------------

template <>
struct From<Callback> {
  static Callback get(const Call& c, size_t i, py::handle h);
};
template <>
struct From<std::function<bool(const Progress&)>> {
  static std::function<bool(const Progress&)> get(const Call& c, size_t i, py::handle h);
};

template <>
struct To<History> {
  static py::object give(const History& history) { return py::cast(history); }
};

/// lemnos.Trainer.
struct PyTrainer {
  Trainer trainer;
  std::shared_ptr<std::recursive_mutex> mutex = std::make_shared<std::recursive_mutex>();
};

/// A data set from a Dataset, from arrays (x, y), or from x alone; it stays as long as this does.
class DataArgument {
 public:
  DataArgument(const Call& c, size_t x, size_t y);
  DataArgument(const Where& where, py::handle given);
  const data::Dataset* dataset() const { return dataset_; }
  const data::Source* source() const { return source_; }

 private:
  data::Dataset made_;
  const data::Dataset* dataset_ = nullptr;
  const data::Source* source_ = nullptr;
};

void define_values(py::module_& module);
void define_sessions(py::module_& module);
void define_models(py::module_& module);
void define_data(py::module_& module);
void define_training(py::module_& module);
void define_callbacks(py::module_& module);
void define_metrics(py::module_& module);
void define_check(py::module_& module);

}  // namespace lemnos::python
