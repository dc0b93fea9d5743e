// lemnos.check: an op, or an expression of Python, against the double-precision reference on a device.

#include "base/text.h"
#include "bind.h"
#include "generated.h"
#include "ops/op_table.h"

namespace lemnos::python {

namespace {

const check::Report& report_at(const Call& c) { return py::cast<const check::Report&>(c.at(0)); }

check::Tolerance tolerance_of(const Call& c, size_t i) {
  if (!c.has(i)) return check::rounding();
  if (py::isinstance<py::tuple>(c.at(i))) {
    const auto pair = From<std::pair<double, double>>::get(c, i, c.at(i));
    return check::custom(pair.first, pair.second, "given in Python");
  }
  constexpr const char* kNames[] = {"exact", "rounding", "transcendental", "norm_forward"};
  const check::Tolerance made[] = {check::exact(), check::rounding(), check::transcendental(), check::norm_forward()};
  return made[one_of(c.where(i), c.at(i), kNames)];
}

// Shapes of floating inputs, or tuples (shape, "i32", low, high) of integer ones.
std::vector<check::Input> inputs_of(const Call& c, size_t i) {
  std::vector<check::Input> made;
  for (const py::object& item : items_of(c.where(i), c.at(i), "a list of shapes")) {
    const std::vector<py::object> parts = items_of(c.where(i), item, "a shape");
    if (parts.size() == 4 && py::isinstance<py::str>(parts[1])) {
      const auto low = From<int64_t>::get(c, i, parts[2]), high = From<int64_t>::get(c, i, parts[3]);
      made.push_back({.shape = From<Shape>::get(c, i, parts[0]),
                      .fill = check::integers(low, high),
                      .dtype = From<DType>::get(c, i, parts[1]),
                      .differentiable = false});
    } else {
      made.push_back({.shape = From<Shape>::get(c, i, item)});
    }
  }
  return made;
}

check::Build build_of(const std::string& who, const Held& function) {
  return [who, function](Graph& graph, const std::vector<Value>& inputs) {
    const py::gil_scoped_acquire acquire;
    const Building building;
    (void)home_of(graph);
    const py::object made = function.get()(*py::tuple(give(inputs)));
    const auto items = py::isinstance<PyValue>(made)
                           ? std::vector<py::object>{made}
                           : items_of({who, "what build returned"}, made, "a Value or a list of them");
    std::vector<Value> values;
    for (const py::object& item : items) {
      if (!py::isinstance<PyValue>(item)) wrong_type({who, "what build returned"}, item, "Values");
      values.push_back(py::cast<const PyValue&>(item).value());
    }
    return values;
  };
}

py::object run_check(const Call& c) {
  check::Case one{.op = c.get<std::string>(0), .inputs = inputs_of(c, 1), .tolerance = tolerance_of(c, 3)};
  if (c.has(2))
    one.attrs = attrs_of_arguments(one.op, find_op(one.op).attrs, py::reinterpret_borrow<py::kwargs>(c.at(2)));
  if (c.has(4)) one.build = build_of(one.op, Held(py::reinterpret_borrow<py::object>(c.at(4))));
  one.backward = c.get<bool>(5, true);
  one.dtypes = c.get<std::vector<DType>>(6, {DType::f32});
  c.set(9, one.no_second), c.set(10, one.no_differences), c.set(11, one.degenerate);
  const Device device = device_or_best(c, 7);
  const auto seed = c.get<uint64_t>(8, 42);
  check::Report report;
  {
    const py::gil_scoped_release release;
    report = check::run({one}, device, seed);
  }
  return py::cast(std::move(report));
}

}  // namespace

void define_check(py::module_& module) {
  auto report = py::class_<check::Report>(module, "CheckReport", "What came of every way to run a case.");
  define(
      report,
      {{"__str__(self) -> str", "A line for each failure and one with the counts.",
        [](const Call& c) { return give(report_at(c).text()); }},
       {"__bool__(self) -> bool", "As passed.", [](const Call& c) { return give(report_at(c).passed()); }}},
      {{"passed: bool", "Something ran and nothing failed.", [](const Call& c) { return give(report_at(c).passed()); }},
       {"findings: list[tuple[str, str, str]]", "Of each run its name, \"passed\", \"failed\" or \"skipped\", and why.",
        [](const Call& c) -> py::object {
          py::list made;
          for (const check::Finding& f : report_at(c).findings)
            made.append(py::make_tuple(f.name,
                                       f.kind == check::Finding::Kind::passed   ? "passed"
                                       : f.kind == check::Finding::Kind::failed ? "failed"
                                                                                : "skipped",
                                       f.message));
          return made;
        }}});
  define(module, {{"check(op: str, inputs: Sequence[Any], attributes: Mapping[str, Any] | None = None, tolerance: str "
                   "| tuple[float, float] = 'rounding', build: Callable[..., Any] | None = None, "
                   "backward: bool = True, dtypes: Sequence[DType] = ['f32'], device: Device | str | None = None, "
                   "seed: int = 42, no_second: str = '', "
                   "no_differences: str = '', degenerate: str = '') -> CheckReport",
                   "Proves an op on a device as Lemnos proves its own: results, gradients and second gradients against "
                   "the reference, guards, poisoned memory. `inputs` are shapes, or "
                   "(shape, 'i32', low, high). `build` (values -> value) is an expression in place of one op. The "
                   "no_.. say why a part is left out.",
                   run_check}});
}

}  // namespace lemnos::python
