// Devices, sessions and programs.

#include "base/text.h"
#include "bind.h"
#include "generated.h"

namespace lemnos::python {

namespace {

const Device& device_at(const Call& c) { return py::cast<const Device&>(c.at(0)); }

PySession& session_at(const Call& c) { return py::cast<PySession&>(c.at(0)); }
PyProgram& program_at(const Call& c) { return py::cast<PyProgram&>(c.at(0)); }

Value value_of_session(const Call& c, size_t i) {
  if (!py::isinstance<PyValue>(c.at(i))) wrong_type(c.where(i), c.at(i), "a Value");
  return py::cast<const PyValue&>(c.at(i)).value();
}

// What an opened graph needs besides its memory.
struct OpenedOn {
  Device device;
  std::shared_ptr<Home> home;
};

py::object open_session(const Device& device, const std::shared_ptr<Home>& home) {
  auto made = std::make_shared<PySession>();
  made->keep = std::make_shared<OpenedOn>(OpenedOn{device, home});
  made->mutex = std::make_shared<std::recursive_mutex>();
  {
    const py::gil_scoped_release release;
    made->session = device.open(*home->graph);
  }
  return py::cast(made);
}

py::object compile(const Call& c) {
  auto session = py::cast<std::shared_ptr<PySession>>(c.at(0));
  CompileOptions options;
  options.targets =
      py::isinstance<PyValue>(c.at(1)) ? std::vector<Value>{value_of_session(c, 1)} : c.get<std::vector<Value>>(1);
  Options<CompileOptions>::set(c, 2, options);
  std::shared_ptr<Program> made;
  {
    const Busy busy(*session->mutex);
    made = session->session->compile(options);
  }
  return py::cast(std::make_shared<PyProgram>(PyProgram{session, std::move(made)}));
}

void write_value(PySession& session, const Where& where, Value value, py::handle given) {
  const PyTensor values = tensor_of(where, given, value.desc());
  const Busy busy(*session.mutex);
  session.session->write(value, values.bytes());
}

template <typename From>
PyTensor read_value(From& from, std::recursive_mutex& mutex, Value value) {
  PyTensor made = PyTensor::zeros(value.desc());
  const Busy busy(mutex);
  from.read(value, std::span(made.data(), made.desc().bytes()));
  return made;
}

py::object run(const Call& c) {
  const PyProgram& program = program_at(c);
  const auto steps = c.get<uint32_t>(1, 1);
  Status status = Status::ok;
  {
    const Busy busy(*program.session->mutex);
    status = program.program->run(steps);
  }
  check(status, "run");
  return py::none();
}

py::object wait_for(const Call& c) {
  const PyProgram& program = program_at(c);
  Status status = Status::ok;
  {
    const Busy busy(*program.session->mutex);
    status = program.program->wait();
  }
  check(status, "wait");
  return py::none();
}

py::object profile_of(const Call& c) {
  const PyProgram& program = program_at(c);
  const auto steps = c.get<uint32_t>(1, 5);
  Profile profile;
  {
    const Busy busy(*program.session->mutex);
    profile = program.program->profile(steps);
  }
  return give(profile.table());
}

// lemnos.eval: once, for experiments and tests.
py::object eval_values(const Call& c) {
  const bool one = py::isinstance<PyValue>(c.at(0));
  const std::vector<Value> targets = one ? std::vector<Value>{value_of_session(c, 0)} : c.get<std::vector<Value>>(0);
  require(!targets.empty(), ErrorCode::invalid_argument, "eval: no value");
  const Device device = device_or_best(c, 1);
  const py::object opened = open_session(device, home_of(targets[0].graph()));
  auto& session = py::cast<PySession&>(opened);
  if (c.has(2)) {
    if (!py::isinstance<py::dict>(c.at(2))) wrong_type(c.where(2), c.at(2), "a dict of arrays by the inputs' names");
    for (const auto& [key, array] : py::reinterpret_borrow<py::dict>(c.at(2))) {
      const std::string name = word_of(c.where(2), key);
      const Value input = targets[0].graph().find(name);
      require(static_cast<bool>(input), ErrorCode::not_found, "eval: no input '", name, "'");
      write_value(session, {"eval", name}, input, array);
    }
  }
  std::shared_ptr<Program> program;
  Status status = Status::ok;
  {
    const Busy busy(*session.mutex);
    program = session.session->compile({.targets = targets});
    status = program->run(1);
  }
  check(status, "eval");
  if (one) return py::cast(read_value(*program, *session.mutex, targets[0]));
  py::list made;
  for (const Value target : targets) made.append(read_value(*program, *session.mutex, target));
  return made;
}

void define_devices(py::module_& module) {
  auto device = py::class_<Device>(module, "Device", "One device: a Vulkan device, or the CPU reference.");
  device.def_static(
      "best",
      [] {
        const py::gil_scoped_release release;
        return Device::best();
      },
      "The best Vulkan device, or the CPU reference when there is none. LEMNOS_DEVICE overrides it.");
  device.def_static("cpu", &Device::cpu, "The CPU reference: double precision, plain loops; always there.");
  device.def_static(
      "find",
      [](const std::string& selector) {
        const py::gil_scoped_release release;
        return Device::find(selector);
      },
      py::arg("selector"), "By name or part of it, UUID, \"luid:..\", \"pci:..\", \"cpu\" or \"best\".");
  device.def_static(
      "list", [] { return give(Device::list()); },
      "Every device, also those that Lemnos cannot use (with the reason).");
  for (const auto& [line, doc] :
       {std::pair("@staticmethod best() -> Device", "The best Vulkan device, or the CPU reference."),
        std::pair("@staticmethod cpu() -> Device", "The CPU reference."),
        std::pair("@staticmethod find(selector: str) -> Device",
                  "By name or part of it, UUID, \"pci:..\", \"cpu\" or \"best\"."),
        std::pair("@staticmethod list() -> list[DeviceInfo]", "Every device, also those that Lemnos cannot use.")})
    declare(device, line, doc);
  define(device,
         {{"open(self, graph: Graph) -> Session", "The memory of the graph's state on this device.",
           [](const Call& c) {
             if (!py::isinstance<PyGraph>(c.at(1))) wrong_type(c.where(1), c.at(1), "a Graph");
             const auto& graph = py::cast<const PyGraph&>(c.at(1));
             (void)graph.graph();
             return open_session(device_at(c), graph.home());
           }},
          {"self_test(self) -> list[SelfTest]",
           "Tries the paths that drivers get wrong; `failure` is empty for what works.",
           [](const Call& c) {
             const Device self = device_at(c);
             std::vector<SelfTest> made;
             {
               const py::gil_scoped_release release;
               made = self.self_test();
             }
             return give(made);
           }},
          {"__repr__(self) -> str", "",
           [](const Call& c) { return give(text("lemnos.Device ", device_at(c).info().name)); }}},
         {{"info: DeviceInfo", "Name, driver, memory, and `caps`, what it can do.",
           [](const Call& c) { return give(device_at(c).info()); }},
          {"name: str", "As the driver gives it; \"cpu\" for the reference.",
           [](const Call& c) { return give(device_at(c).info().name); }}});
}

}  // namespace

Device From<Device>::get(const Call& c, size_t i, py::handle h) {
  if (py::isinstance<Device>(h)) return py::cast<const Device&>(h);
  if (!py::isinstance<py::str>(h)) wrong_type(c.where(i), h, "a Device or the name of one");
  const std::string selector = py::cast<std::string>(h);
  const py::gil_scoped_release release;
  return Device::find(selector);
}

Device device_or_best(const Call& c, size_t i) {
  if (c.has(i)) return c.get<Device>(i);
  const py::gil_scoped_release release;
  return Device::best();
}

void define_sessions(py::module_& module) {
  auto session = py::class_<PySession, std::shared_ptr<PySession>>(module, "Session",
                                                                   "The memory of a graph's state on one device.");
  auto program = py::class_<PyProgram, std::shared_ptr<PyProgram>>(module, "Program", "A compiled part of a graph.");
  define_devices(module);
  static const std::string compile_signature = std::string("compile(self, targets: Value | Sequence[Value], *, ") +
                                               Options<CompileOptions>::kParameters + ") -> Program";
  define(session,
         {{compile_signature, "A program that computes the targets. The graph may grow afterwards.", compile},
          {"write(self, value: Value, array: Array | float | Sequence[Any]) -> None",
           "Into an input, a variable or a parameter; of its shape and dtype.",
           [](const Call& c) -> py::object {
             write_value(session_at(c), c.where(2), value_of_session(c, 1), c.at(2));
             return py::none();
           }},
          {"read(self, value: Value) -> Tensor", "A parameter, a variable, an input. Waits.",
           [](const Call& c) {
             return py::cast(read_value(*session_at(c).session, *session_at(c).mutex, value_of_session(c, 1)));
           }},
          {"counters(self) -> DeviceCounters", "How often something expensive happened on the device.",
           [](const Call& c) { return give(session_at(c).session->counters()); }}},
         {{"info: DeviceInfo", "Of the device.", [](const Call& c) { return give(session_at(c).session->info()); }}});
  define(program,
         {{"run(self, steps: int = 1) -> None", "Runs it so many times in one submission; a read waits for it.", run},
          {"wait(self) -> None", "Until all runs are done.", wait_for},
          {"read(self, value: Value) -> Tensor", "What the last run made of a target. Waits.",
           [](const Call& c) {
             return py::cast(read_value(*program_at(c).program, *program_at(c).session->mutex, value_of_session(c, 1)));
           }},
          {"summary(self) -> PlanSummary", "What one run costs.",
           [](const Call& c) { return give(program_at(c).program->summary()); }},
          {"describe(self) -> str", "The plan, one dispatch a line.",
           [](const Call& c) { return give(program_at(c).program->describe()); }},
          {"profile(self, steps: int = 5) -> str", "Where the time goes, by op, as a table. Runs 2 * steps steps.",
           profile_of}});
  define(module,
         {{"eval(values: Value | Sequence[Value], device: Device | str | None = None, inputs: Mapping[str, Array] | "
           "None = None) -> Any",
           "Computes values once and returns a Tensor for each; inputs that are not given hold zeros.", eval_values}});
}

}  // namespace lemnos::python
