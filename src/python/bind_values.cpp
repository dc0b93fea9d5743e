// Values with operators, graphs, ops by name and gradients.

#include "base/text.h"
#include "bind.h"
#include "ops/op_table.h"

namespace lemnos::python {

namespace {

Value value_at(const Call& c, size_t i) {
  if (!py::isinstance<PyValue>(c.at(i))) wrong_type(c.where(i), c.at(i), "a Value");
  return py::cast<const PyValue&>(c.at(i)).value();
}

// A binary operator whose other operand is a number (a node less), an array or a value.
using Binary = Value (*)(Value, Value);
using Shifted = Value (*)(Value, float);

template <Binary whole, Shifted by_number, bool reflected>
py::object binary(const Call& c) {
  const py::handle other = c.at(1);
  const bool number = PyFloat_Check(other.ptr()) || PyLong_Check(other.ptr());
  const bool operand = number || py::isinstance<PyValue>(other) || is_array(other);
  if (!operand) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
  const Value self = value_at(c, 0);
  if constexpr (by_number != nullptr)
    if (number && is_floating(self.dtype()))
      return give(by_number(self, static_cast<float>(real_of(c.where(1), other))));
  const Value given = c.get<Value>(1);
  return give(reflected ? whole(given, self) : whole(self, given));
}

Value plus(Value x, float v) { return x + v; }
Value minus(Value x, float v) { return x - v; }
Value from(Value x, float v) { return v - x; }
Value times(Value x, float v) { return x * v; }
Value over(Value x, float v) { return x / v; }
Value under(Value x, float v) { return v / x; }
Value product(Value a, Value b) { return matmul(a, b); }

// x[1:3, ..] and x[2]: slices without steps; an integer takes its axis away.
py::object item(const Call& c) {
  const Value x = value_at(c, 0);
  const Shape& shape = x.shape();
  const py::tuple given =
      py::isinstance<py::tuple>(c.at(1)) ? py::reinterpret_borrow<py::tuple>(c.at(1)) : py::make_tuple(c.at(1));
  require(given.size() <= shape.rank(), ErrorCode::out_of_range, "slice: ", given.size(), " indices for ", x.desc());
  std::vector<int64_t> begin(shape.rank(), 0), end(shape.begin(), shape.end()), kept;
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    const py::object part =
        axis < given.size() ? py::object(given[axis]) : py::slice(py::none(), py::none(), py::none());
    const int64_t extent = shape[axis];
    if (PySlice_Check(part.ptr())) {
      py::ssize_t first = 0, last = 0, step = 0, count = 0;
      if (!py::reinterpret_borrow<py::slice>(part).compute(extent, &first, &last, &step, &count))
        throw py::error_already_set();
      require(step == 1 && count > 0, ErrorCode::unsupported, "slice: a step of ", step, " and ", count,
              " elements; slices of values have no steps and at least one element");
      begin[axis] = first, end[axis] = first + count;
      kept.push_back(count);
      continue;
    }
    const int64_t at = integer_of({"slice", "an index"}, part, std::numeric_limits<int64_t>::min(),
                                  std::numeric_limits<int64_t>::max());
    require(at >= -extent && at < extent, ErrorCode::out_of_range, "slice: index ", at, " of axis ", axis, " of ",
            x.desc());
    begin[axis] = at < 0 ? at + extent : at, end[axis] = begin[axis] + 1;
  }
  const Value part = slice(x, begin, end);
  return give(kept.size() == shape.rank() ? part : reshape(part, Shape(kept)));
}

// Any op of the catalogue by its name: lemnos.op("softmax", x, logarithm=True).
py::object op_by_name(const py::args& args, const py::kwargs& options) {
  if (args.empty() || !py::isinstance<py::str>(args[0]))
    throw py::type_error("op: takes the name of an op, then its inputs");
  const OpDef& op = find_op(py::cast<std::string>(args[0]));
  std::vector<Value> inputs;
  for (size_t i = 1; i < args.size(); ++i) {
    if (args[i].is_none())
      inputs.push_back({});
    else if (py::isinstance<PyValue>(args[i]))
      inputs.push_back(py::cast<const PyValue&>(args[i]).value());
    else
      wrong_type({op.name, text("input ", i)}, args[i], "a Value");
  }
  require(!inputs.empty() && inputs[0], ErrorCode::invalid_argument, op.name,
          ": the first input says for which graph; it is missing");
  const std::vector<Value> made = inputs[0].graph().add_all(op, inputs, attrs_of_arguments(op.name, op.attrs, options));
  return made.size() == 1 ? give(made[0]) : give(made);
}

py::object gradients_of(const Call& c) {
  const Value seed = c.has(2) ? c.get<Value>(2) : Value();
  const bool one = py::isinstance<PyValue>(c.at(1));
  const std::vector<Value> wrt = one ? std::vector<Value>{value_at(c, 1)} : c.get<std::vector<Value>>(1);
  const std::vector<Value> made = gradients(value_at(c, 0), wrt, seed);
  return one ? give(made[0]) : give(made);
}

PyGraph& graph_at(const Call& c) { return py::cast<PyGraph&>(c.at(0)); }

TensorDesc desc_of(const Call& c, size_t shape) { return {c.get<Shape>(shape), c.get<DType>(shape + 1, DType::f32)}; }

py::object parameter_of(const Call& c) {
  Graph& graph = graph_at(c).graph();
  if (c.has(2) && c.has(3)) throw py::type_error("parameter: takes initial values, or a shape with an initialiser");
  if (c.has(2)) {
    const PyTensor given =
        is_array(c.at(2)) ? tensor_of(c.where(2), c.at(2)) : tensor_of_numbers(c.where(2), c.at(2), DType::f32);
    const PyTensor values = tensor_of(c.where(2), py::cast(given), {given.desc().shape, DType::f32});
    const auto* first = reinterpret_cast<const float*>(values.data());
    return give(graph.parameter(c.get<std::string>(1), values.desc().shape,
                                std::span(first, static_cast<size_t>(values.desc().elements()))));
  }
  const Shape shape = c.get<Shape>(3);
  const Init init = c.get<Init>(4, Init::linear_default());
  const auto values = initial_values(init, shape, c.get<uint64_t>(5, 1), graph.parameters().size(),
                                     shape.rank() ? shape[shape.rank() - 1] : 1);
  return give(graph.parameter(c.get<std::string>(1), shape, values));
}

py::object constant_of(const Call& c) {
  const PyTensor values = c.has(2) && !is_array(c.at(1)) ? tensor_of_numbers(c.where(1), c.at(1), c.get<DType>(2))
                                                         : tensor_of(c.where(1), c.at(1));
  return give(graph_at(c).graph().constant(values.desc(), values.bytes(), c.get<std::string>(3, "")));
}

py::object variable_of(const Call& c) {
  const PyTensor values = c.has(3) && !is_array(c.at(2)) ? tensor_of_numbers(c.where(2), c.at(2), c.get<DType>(3))
                                                         : tensor_of(c.where(2), c.at(2));
  return give(graph_at(c).graph().variable(c.get<std::string>(1), values.desc(), values.bytes()));
}

void define_value(py::module_& module) {
  auto type = py::class_<PyValue>(module, "Value",
                                  "A value of a graph: what an op makes of others. Operators broadcast as NumPy's do.");
  type.attr("__array_ufunc__") = py::none();  // an array on the left leaves the operator to the value on the right
  type.def(
      "__eq__", [](const PyValue& a, const PyValue& b) { return a == b; }, py::is_operator());
  type.def("__hash__", [](const PyValue& v) {
    return py::hash(py::make_tuple(reinterpret_cast<uintptr_t>(v.home().get()), v.id()));
  });
  define(type,
         {{"__add__(self, other: Operand) -> Value", "", binary<add, plus, false>},
          {"__radd__(self, other: Operand) -> Value", "", binary<add, plus, true>},
          {"__sub__(self, other: Operand) -> Value", "", binary<subtract, minus, false>},
          {"__rsub__(self, other: Operand) -> Value", "", binary<subtract, from, true>},
          {"__mul__(self, other: Operand) -> Value", "", binary<multiply, times, false>},
          {"__rmul__(self, other: Operand) -> Value", "", binary<multiply, times, true>},
          {"__truediv__(self, other: Operand) -> Value", "", binary<divide, over, false>},
          {"__rtruediv__(self, other: Operand) -> Value", "", binary<divide, under, true>},
          {"__mod__(self, other: Operand) -> Value", "", binary<remainder, nullptr, false>},
          {"__pow__(self, other: Operand) -> Value", "", binary<pow, nullptr, false>},
          {"__rpow__(self, other: Operand) -> Value", "", binary<pow, nullptr, true>},
          {"__matmul__(self, other: Operand) -> Value", "", binary<product, nullptr, false>},
          {"__rmatmul__(self, other: Operand) -> Value", "", binary<product, nullptr, true>},
          {"__lt__(self, other: Operand) -> Value", "", binary<less, nullptr, false>},
          {"__le__(self, other: Operand) -> Value", "", binary<less_equal, nullptr, false>},
          {"__gt__(self, other: Operand) -> Value", "", binary<greater, nullptr, false>},
          {"__ge__(self, other: Operand) -> Value", "", binary<greater_equal, nullptr, false>},
          {"__neg__(self) -> Value", "", [](const Call& c) { return give(negate(value_at(c, 0))); }},
          {"__abs__(self) -> Value", "", [](const Call& c) { return give(abs(value_at(c, 0))); }},
          {"__getitem__(self, index: Any) -> Value",
           "A part: slices without steps, and numbers, which take their axis away.", item},
          {"__len__(self) -> int", "The first extent.",
           [](const Call& c) -> py::object {
             const Shape& shape = value_at(c, 0).shape();
             if (shape.rank() == 0) throw py::type_error("Value: a scalar has no length");
             return give(shape[0]);
           }},
          {"__bool__(self) -> bool", "Refused: a value has no content before a program ran.",
           [](const Call&) -> py::object {
             throw py::type_error("Value: it has no content until a program runs; lemnos.where() chooses");
           }},
          {"__repr__(self) -> str", "",
           [](const Call& c) {
             const Value v = value_at(c, 0);
             return give(text("lemnos.Value ", v.desc(), v.name().empty() ? "" : " " + v.name()));
           }}},
         {{"shape: tuple[int, ...]", "The extents.", [](const Call& c) { return give(value_at(c, 0).shape()); }},
          {"dtype: DType", "The element type.", [](const Call& c) { return give(value_at(c, 0).dtype()); }},
          {"name: str", "Its name, or nothing.", [](const Call& c) { return give(value_at(c, 0).name()); }},
          {"graph: Graph", "The graph that it belongs to.",
           [](const Call& c) -> py::object { return py::cast(PyGraph(py::cast<const PyValue&>(c.at(0)).home())); }}});
}

}  // namespace

void fail_key(const Where& where, const std::string& key, const char* known) {
  fail(ErrorCode::not_found, where.function, ": ", where.argument, " has no '", key, "'; there are ", known);
}

void define_entries(py::module_& module, std::span<const Entry> entries) {
  for (const Entry& entry : entries) define(module, {Function{entry.signature, entry.doc, entry.call}});
}

void define_values(py::module_& module) {
  auto graph = py::class_<PyGraph>(module, "Graph", "What to compute: values and the ops between them.");
  define_value(module);
  define_init(graph, "__init__(self) -> None", "An empty graph with a state of its own.",
              [](const Call&) { return PyGraph(); });
  define(
      graph,
      {{"input(self, name: str, shape: Sequence[int], dtype: DType = 'f32') -> Value", "A value that the host writes.",
        [](const Call& c) { return give(graph_at(c).graph().input(c.get<std::string>(1), desc_of(c, 2))); }},
       {"constant(self, values: Array | float | Sequence[Any], dtype: DType | None = None, name: str = '') -> Value",
        "A value whose content is known now.", constant_of},
       {"parameter(self, name: str, values: Array | Sequence[Any] | None = None, *, shape: Sequence[int] = (), init: "
        "Init | str | None = None, seed: int = 1) -> Value",
        "A trained f32 tensor, from values, or from a shape and an initialiser.", parameter_of},
       {"variable(self, name: str, values: Array | float | Sequence[Any], dtype: DType | None = None) -> Value",
        "Named memory that nodes update in place.", variable_of},
       {"find(self, name: str) -> Value | None", "The parameter, variable, input or slot of that name.",
        [](const Call& c) { return give(graph_at(c).graph().find(c.get<std::string>(1))); }}},
      {{"parameters: list[Value]", "In the order of their first use.",
        [](const Call& c) { return give(graph_at(c).graph().parameters()); }},
       {"variables: list[Value]", "The same of variables.",
        [](const Call& c) { return give(graph_at(c).graph().variables()); }},
       {"nodes: int", "How many nodes there are.",
        [](const Call& c) { return give(graph_at(c).graph().nodes().size()); }}});
  define_entries(module, op_entries());
  module.def("op", op_by_name,
             py::doc("op(name, *inputs, **attributes)\n--\n\nA node of any op of the catalogue, by its name."));
  declare(module, "op(name: str, *inputs: Value | None, **attributes: Any) -> Any",
          "A node of any op of the catalogue, by its name.");
  define(
      module,
      {{"op_names() -> list[str]", "The names of all ops.",
        [](const Call&) -> py::object {
          py::list names;
          for (const OpDef* op : all_ops()) names.append(op->name);
          return names;
        }},
       {"gradients(output: Value, wrt: Value | Sequence[Value], seed: Operand | None = None) -> Any",
        "d(output)/d(wrt), a value or one for each; None where the output does not depend on it. Differentiable again.",
        gradients_of},
       {"place_gradients(loss: Value) -> list[Value]",
        "The gradients of a loss for every parameter of its graph, for an optimizer.",
        [](const Call& c) { return give(place_gradients(value_at(c, 0))); }},
       {"minimize(loss: Value, optimizer: Optimizer | str) -> list[Value]",
        "Gradients, an optimizer's update and the end of the step: the targets of a training program.",
        [](const Call& c) {
          const Value loss = value_at(c, 0);
          const auto optimizer = c.get<optim::Optimizer>(1);
          std::vector<Value> targets = optim::minimize(loss, optimizer);
          targets.push_back(advance_step(step_state(loss.graph()), optim::advance_options(optimizer)));
          return give(targets);
        }}});
}

}  // namespace lemnos::python
