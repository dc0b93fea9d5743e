#include "convert.h"

#include "base/text.h"
#include "lemnos/init.h"
#include "lemnos/ops.h"

namespace lemnos::python {

int64_t integer_of(const Where& where, py::handle given, int64_t low, uint64_t high) {
  const auto index =
      py::reinterpret_steal<py::object>(PyFloat_Check(given.ptr()) ? nullptr : PyNumber_Index(given.ptr()));
  if (!index) {
    PyErr_Clear();
    wrong_type(where, given, "a whole number");
  }
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow > 0 && high > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    const unsigned long long natural = PyLong_AsUnsignedLongLong(index.ptr());
    if (!PyErr_Occurred()) return static_cast<int64_t>(natural);
    PyErr_Clear();
  }
  if (overflow != 0 || value < low || (value > 0 && static_cast<uint64_t>(value) > high))
    fail(ErrorCode::out_of_range, where.function, ": ", where.argument, " is ", std::string(py::str(index)),
         ", it takes whole numbers from ", low, " to ", high);
  return value;
}

double real_of(const Where& where, py::handle given) {
  const double value = PyFloat_AsDouble(given.ptr());
  if (PyErr_Occurred()) {
    PyErr_Clear();
    wrong_type(where, given, "a number");
  }
  return value;
}

bool flag_of(const Where& where, py::handle given) {
  if (PyBool_Check(given.ptr())) return given.ptr() == Py_True;
  const std::string type = py::str(py::type::handle_of(given).attr("__name__"));
  if (type == "bool_" || type == "bool") return PyObject_IsTrue(given.ptr()) == 1;  // NumPy's
  return integer_of({where.function, where.argument}, given, 0, 1) != 0;
}

std::string word_of(const Where& where, py::handle given) {
  if (!py::isinstance<py::str>(given)) wrong_type(where, given, "a str");
  return py::cast<std::string>(given);
}

size_t one_of(const Where& where, py::handle given, std::span<const char* const> words) {
  const std::string word = word_of(where, given);
  std::string known;
  for (size_t i = 0; i < words.size(); ++i) {
    if (word == words[i]) return i;
    known += text(i ? ", " : "", words[i]);
  }
  fail(ErrorCode::not_found, where.function, ": ", where.argument, " is '", word, "'; there are ", known);
}

std::vector<py::object> items_of(const Where& where, py::handle given, const char* wanted) {
  if (py::isinstance<py::str>(given) || !PySequence_Check(given.ptr()) || py::isinstance<py::dict>(given))
    wrong_type(where, given, wanted);
  std::vector<py::object> items;
  for (const py::handle item : py::reinterpret_borrow<py::sequence>(given))
    items.push_back(py::reinterpret_borrow<py::object>(item));
  return items;
}

std::vector<int64_t> integers_of(const Where& where, py::handle given) {
  constexpr auto kLow = std::numeric_limits<int64_t>::min();
  constexpr auto kHigh = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (PyLong_Check(given.ptr())) return {integer_of(where, given, kLow, kHigh)};
  std::vector<int64_t> made;
  for (const py::object& item : items_of(where, given, "whole numbers"))
    made.push_back(integer_of(where, item, kLow, kHigh));
  return made;
}

std::vector<double> reals_of(const Where& where, py::handle given) {
  std::vector<double> made;
  for (const py::object& item : items_of(where, given, "numbers")) made.push_back(real_of(where, item));
  return made;
}

std::filesystem::path From<std::filesystem::path>::get(const Call& c, size_t i, py::handle h) {
  const auto path = py::reinterpret_steal<py::object>(PyOS_FSPath(h.ptr()));
  if (!path || !py::isinstance<py::str>(path)) {
    PyErr_Clear();
    wrong_type(c.where(i), h, "a path");
  }
  return py::cast<std::string>(path);
}

namespace {

bool is_number(py::handle given) {
  return PyFloat_Check(given.ptr()) || PyLong_Check(given.ptr()) || (PyIndex_Check(given.ptr()) && !is_array(given));
}

// The first value among the arguments, also within lists, but a boolean one only where there is no other: a number
// beside a condition has the type of what it chooses from.
std::optional<Value> first_value(const Call& call) {
  std::optional<Value> found;
  const auto take = [&](py::handle given) {
    if (!py::isinstance<PyValue>(given)) return;
    const Value value = py::cast<const PyValue&>(given).value();
    if (!found || (found->dtype() == DType::boolean && value.dtype() != DType::boolean)) found = value;
  };
  for (size_t i = 0; i < call.size(); ++i) {
    const py::handle given = call.at(i);
    if (!given) continue;
    take(given);
    if (!py::isinstance<py::list>(given) && !py::isinstance<py::tuple>(given)) continue;
    for (const py::handle item : py::reinterpret_borrow<py::sequence>(given)) take(item);
  }
  return found;
}

}  // namespace

Value operand_of(const Call& call, size_t i, py::handle given) {
  if (py::isinstance<PyValue>(given)) return py::cast<const PyValue&>(given).value();
  const Where where = call.where(i);
  const bool number = is_number(given);
  if (!number && !is_array(given)) wrong_type(where, given, "a Value, an array or a number");
  const std::optional<Value> beside = first_value(call);
  if (!beside) wrong_type(where, given, "a Value: no argument has a graph");
  Graph& graph = beside->graph();
  const PyTensor tensor = number ? tensor_of_numbers(where, given, beside->dtype()) : tensor_of(where, given);
  return graph.constant(tensor.desc(), tensor.bytes());
}

Graph& graph_of(const Where& where, py::handle given) {
  if (py::isinstance<PyGraph>(given)) return py::cast<const PyGraph&>(given).graph();
  if (py::hasattr(given, "graph") && py::isinstance<PyGraph>(given.attr("graph")))
    return py::cast<const PyGraph&>(given.attr("graph")).graph();
  wrong_type(where, given, "a Graph, or what has one");
}

py::object To<Shape>::give(const Shape& shape) {
  py::tuple made(shape.rank());
  for (size_t i = 0; i < shape.rank(); ++i) made[i] = py::int_(shape[i]);
  return made;
}

py::object To<Value>::give(Value v) {
  if (!v) return py::none();
  return py::cast(PyValue(v));
}

py::object To<data::Array>::give(const data::Array& array) { return py::cast(PyTensor(array.desc, array.bytes)); }

namespace {

std::map<std::string, py::object>& records() {
  static auto* types = new std::map<std::string, py::object>();  // outlives the interpreter's state
  return *types;
}

}  // namespace

void define_record(py::module_& module, const char* name, const char* doc, std::span<const char* const> fields) {
  py::list names;
  for (const std::string field : fields) names.append(py::str(field.substr(0, field.find(':'))));
  py::object type = py::module_::import("collections").attr("namedtuple")(name, names);
  type.attr("__doc__") = doc;
  type.attr("__module__") = module.attr("__name__");
  for (const char* field : fields) declare(type, field, "");
  module.attr(name) = type;
  records()[name] = type;
}

py::object record(const char* name, std::initializer_list<py::object> values) {
  py::tuple given(values.size());
  size_t i = 0;
  for (const py::object& value : values) given[i++] = value;
  return records().at(name)(*given);
}

namespace {

Attrs::AttrValue field_of(const Where& where, const AttrDef& def, py::handle given) {
  using Kind = AttrDef::Kind;
  constexpr auto kLow = std::numeric_limits<int64_t>::min();
  constexpr auto kHigh = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  switch (def.kind()) {
    case Kind::integer:
      return PyBool_Check(given.ptr()) ? int64_t{flag_of(where, given)} : integer_of(where, given, kLow, kHigh);
    case Kind::real: return real_of(where, given);
    case Kind::reals: return reals_of(where, given);
    case Kind::integers: {
      if (PyLong_Check(given.ptr()) && def.count > 0) return integer_of(where, given, kLow, kHigh);
      return integers_of(where, given);
    }
    case Kind::word: {
      if (!def.words.empty()) return std::string(def.words[one_of(where, given, def.words)]);
      if (py::isinstance<py::str>(given)) return word_of(where, given);
      std::string joined;
      for (const py::object& item : items_of(where, given, "words"))
        joined += (joined.empty() ? "" : ",") + word_of(where, item);
      return joined;
    }
  }
  return int64_t{0};
}

}  // namespace

Attrs attrs_of_arguments(const std::string& who, const AttrSchema& schema, const py::kwargs& given) {
  Attrs made;
  const auto put = [&](const std::string& name, py::handle value) {
    const AttrDef* def = schema.find(name);
    if (!def) fail(ErrorCode::not_found, who, ": no option '", name, "'; there are ", schema.names());
    made.set(name, field_of({who, name}, *def, value));
  };
  for (const auto& [key, value] : given) {
    const std::string name = py::cast<std::string>(key);
    if (value.is_none()) continue;
    if (schema.find(name + ".kind") && py::isinstance<py::str>(value)) {
      put(name + ".kind", value);
    } else if (py::isinstance<py::dict>(value)) {
      for (const auto& [field, item] : py::reinterpret_borrow<py::dict>(value))
        put(name + "." + py::cast<std::string>(field), item);
    } else if (py::isinstance<Init>(value)) {
      if (!schema.find(name + ".kind")) wrong_type({who, name}, value, "no Init");
      const Attrs fields(py::cast<const Init&>(value));
      for (const Attrs::Entry& entry : fields.entries()) made.set(name + "." + entry.name, entry.value);
    } else {
      put(name, value);
    }
  }
  return made;
}

}  // namespace lemnos::python
