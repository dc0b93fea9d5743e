#include "call.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"

namespace lemnos::python {

struct Signature {
  std::string name, who;                          // the latter in messages
  std::vector<std::string> parameters, defaults;  // "" : required
  size_t positional = 0;                          // parameters before "*"
};

namespace {

// Parts of `text` between commas that stand in no brackets and no quotes.
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  int depth = 0;
  char quote = 0;
  const auto close = [&] {
    const size_t begin = part.find_first_not_of(' ');
    if (begin != std::string::npos) parts.push_back(part.substr(begin, part.find_last_not_of(' ') + 1 - begin));
    part.clear();
  };
  for (const char c : text) {
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else {
      depth += (c == '(' || c == '[') - (c == ')' || c == ']');
    }
    if (c == ',' && depth == 0 && !quote)
      close();
    else
      part += c;
  }
  close();
  return parts;
}

Signature parsed(const std::string& text) {
  Signature made;
  const size_t open = text.find('('), close = text.rfind(") -> ");
  made.name = made.who = text.substr(0, open);
  bool keywords = false;
  for (const std::string& part : parts_of(text.substr(open + 1, close - open - 1))) {
    if (part == "*") {
      keywords = true;
      continue;
    }
    // A default stands after the last "=" outside of brackets: types have none.
    const size_t equals = part.find(" = ");
    made.parameters.push_back(part.substr(0, std::min(part.find(':'), equals)));
    made.defaults.push_back(equals == std::string::npos ? "" : part.substr(equals + 3));
    if (!keywords) made.positional = made.parameters.size();
  }
  return made;
}

// What inspect.signature reads: the signature without types.
std::string text_signature(const Signature& s) {
  std::string text = s.name + "(";
  for (size_t i = 0; i < s.parameters.size(); ++i) {
    if (i > 0) text += ", ";
    if (i == s.positional) text += "*, ";
    text += s.parameters[i] + (s.defaults[i].empty() ? "" : "=" + s.defaults[i]);
  }
  return text + ")\n--\n\n";
}

std::string joined_parameters(const Signature& s) {
  std::string all;
  for (const std::string& name : s.parameters)
    if (name != "self") all += (all.empty() ? "" : ", ") + name;
  return all.empty() ? "none" : all;
}

py::object made_function(const Function& function, py::handle scope, bool method) {
  const auto signature = std::make_shared<const Signature>(parsed(function.signature));
  const std::string doc = text_signature(*signature) + function.doc;
  const auto body = [signature, call = function.call](const py::args& args, const py::kwargs& kwargs) {
    return call(Call(*signature, args, kwargs));
  };
  py::options options;
  options.disable_function_signatures();
  if (method)
    return py::cpp_function(body, py::name(signature->name.c_str()), py::is_method(scope), py::doc(doc.c_str()));
  return py::cpp_function(body, py::name(signature->name.c_str()), py::scope(scope), py::doc(doc.c_str()));
}

py::object& error_type() {
  static auto* type =
      new py::object();  // lives as long as the process: an exception may outlive the interpreter's state
  return *type;
}

const char* code_word(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::shape_mismatch: return "shape_mismatch";
    case ErrorCode::out_of_range: return "out_of_range";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::io: return "io";
    case ErrorCode::corrupt_data: return "corrupt_data";
    case ErrorCode::no_device: return "no_device";
    case ErrorCode::out_of_memory: return "out_of_memory";
    case ErrorCode::device_lost: return "device_lost";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

}  // namespace

// What the stubs are written from: lines by the name of the module or class.
void declare(py::handle scope, const std::string& line, const std::string& doc) {
  if (!scope.attr("__dict__").contains("__declared__")) py::setattr(scope, "__declared__", py::list());
  py::list(scope.attr("__declared__")).append(py::make_tuple(line, doc));
}

Constructor::Constructor(const std::string& who, const std::string& signature, const std::string& doc) {
  Signature made = parsed(signature);
  made.who = who;
  help_ = text_signature(made) + doc;
  signature_ = std::make_shared<const Signature>(std::move(made));
}

// pybind11 gives the arguments without the object that is being made.
Call Constructor::call(const py::args& args, const py::kwargs& kwargs) const {
  py::tuple all(args.size() + 1);
  all[0] = py::none();
  for (size_t i = 0; i < args.size(); ++i) all[i + 1] = args[i];
  return {*signature_, py::reinterpret_borrow<py::args>(all), kwargs};
}

void wrong_type(const Where& where, py::handle given, const std::string& wanted) {
  const std::string type = given ? std::string(py::str(py::type::handle_of(given).attr("__name__"))) : "nothing";
  throw py::type_error(text(where.function, ": ", where.argument, " is a ", type, ", it takes ", wanted));
}

Call::Call(const Signature& signature, const py::args& args, const py::kwargs& kwargs)
    : signature_(signature), given_(signature.parameters.size()) {
  const std::string& who = signature.who;
  const size_t own = !signature.parameters.empty() && signature.parameters[0] == "self";
  if (args.size() > signature.positional)
    throw py::type_error(text(who, ": takes ", signature.positional - own, " arguments without a name, ",
                              args.size() - own, " are given; there are ", joined_parameters(signature)));
  for (size_t i = 0; i < args.size(); ++i) given_[i] = PyTuple_GET_ITEM(args.ptr(), static_cast<py::ssize_t>(i));
  for (const auto& [key, value] : kwargs) {
    const std::string name = py::cast<std::string>(key);
    const auto found = std::ranges::find(signature.parameters, name);
    if (found == signature.parameters.end())
      throw py::type_error(text(who, ": no argument '", name, "'; there are ", joined_parameters(signature)));
    const auto at = static_cast<size_t>(found - signature.parameters.begin());
    if (given_[at]) throw py::type_error(text(who, ": ", name, " is given twice"));
    given_[at] = value;
  }
  for (size_t i = 0; i < given_.size(); ++i)
    if (!given_[i] && signature.defaults[i].empty())
      throw py::type_error(text(who, ": ", signature.parameters[i], " is missing"));
}

Where Call::where(size_t i) const { return {signature_.who, signature_.parameters[i]}; }

const std::string& Call::function() const { return signature_.who; }

void define(py::module_& module, std::span<const Function> functions) {
  for (const Function& function : functions) {
    const py::object made = made_function(function, module, false);
    module.attr(made.attr("__name__")) = made;
    declare(module, function.signature, function.doc);
  }
}

void define(py::object type, std::span<const Function> methods, std::span<const Property> properties) {
  for (const Function& method : methods) {
    const py::object made = made_function(method, type, true);
    type.attr(made.attr("__name__")) = made;
    declare(type, method.signature, method.doc);
  }
  const py::object property = py::module_::import("builtins").attr("property");
  for (const Property& p : properties) {
    const size_t colon = p.declaration.find(':');
    const std::string name = p.declaration.substr(0, colon);
    const py::object get =
        made_function({name + "(self) ->" + p.declaration.substr(colon + 1), p.doc, p.get}, type, true);
    type.attr(name.c_str()) = property(get, py::none(), py::none(), p.doc);
    declare(type, p.declaration, p.doc);
  }
}

void check(Status status, const char* who) {
  switch (status) {
    case Status::ok: return;
    case Status::out_of_memory: fail(ErrorCode::out_of_memory, who, ": out of memory");
    case Status::device_lost: fail(ErrorCode::device_lost, who, ": the device is lost");
    case Status::cancelled: fail(ErrorCode::invalid_argument, who, ": cancelled");
  }
}

void define_errors(py::module_& module) {
  error_type() = py::reinterpret_steal<py::object>(
      PyErr_NewExceptionWithDoc("lemnos.Error",
                                "What Lemnos refuses, in one line. `code` is \"shape_mismatch\", \"not_found\", ..; "
                                "`where` the file, node or device "
                                "at fault when the line does not name it.",
                                PyExc_RuntimeError, nullptr));
  module.attr("Error") = error_type();
  py::register_exception_translator([](std::exception_ptr caught) {
    try {
      if (caught) std::rethrow_exception(caught);
    } catch (const Error& e) {
      const py::object error = error_type()(e.what());
      error.attr("code") = code_word(e.code());
      error.attr("where") = e.where();
      PyErr_SetObject(error_type().ptr(), error.ptr());
    }
  });
}

}  // namespace lemnos::python
