// Functions as Python sees them: a signature as Python writes it, and what is called with the arguments by name. One
// table of them makes the functions, their help, their type stubs and their error messages, so that none can disagree.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lemnos/error.h"

namespace lemnos::python {

namespace py = pybind11;

/// Which argument of which function a value was given for.
struct Where {
  std::string function, argument;
};

/// Raises a TypeError: "conv2d: stride is a str, it takes two whole numbers".
[[noreturn]] void wrong_type(const Where& where, py::handle given, const std::string& wanted);

/// T from a Python object; specialised in convert.h. Raises for what is none.
template <typename T>
struct From;

struct Signature;

/// The arguments of one call, in the order of the signature.
class Call {
 public:
  Call(const Signature& signature, const py::args& args, const py::kwargs& kwargs);

  /// Neither left out nor None.
  bool has(size_t i) const { return given_[i] && !given_[i].is_none(); }
  py::handle at(size_t i) const { return given_[i]; }
  size_t size() const { return given_.size(); }
  Where where(size_t i) const;
  const std::string& function() const;

  template <typename T>
  T get(size_t i) const {
    return From<T>::get(*this, i, given_[i]);
  }
  template <typename T>
  T get(size_t i, T fallback) const {
    return has(i) ? get<T>(i) : std::move(fallback);
  }
  /// A field keeps its default where nothing was given.
  template <typename T>
  void set(size_t i, T& field) const {
    if (has(i)) field = get<T>(i);
  }

 private:
  const Signature& signature_;
  std::vector<py::handle> given_;
};

struct Function {
  /// "clamp(x: Operand, low: float, high: float) -> Value": a line of a type stub.
  std::string signature;
  std::string doc;
  std::function<py::object(const Call&)> call;
};

/// A property, read only without `set`: {"shape: tuple[int, ...]", "The extents.", [](const Call& self) { .. }}.
struct Property {
  std::string declaration;
  std::string doc;
  std::function<py::object(const Call&)> get;
};

/// Adds functions to a module, or methods (whose first parameter is `self`) to a class.
void define(py::module_& module, std::span<const Function> functions);
void define(py::object type, std::span<const Function> methods, std::span<const Property> properties = {});
inline void define(py::module_& module, std::initializer_list<Function> functions) {
  define(module, std::span(functions.begin(), functions.size()));
}
inline void define(py::object type, std::initializer_list<Function> methods,
                   std::initializer_list<Property> properties = {}) {
  define(std::move(type), std::span(methods.begin(), methods.size()), std::span(properties.begin(), properties.size()));
}

/// The signature of `make`, which makes what a class holds.
class Constructor {
 public:
  /// `who` is the class, for messages.
  Constructor(const std::string& who, const std::string& signature, const std::string& doc);
  Call call(const py::args& args, const py::kwargs& kwargs) const;
  const std::string& help() const { return help_; }

 private:
  std::shared_ptr<const Signature> signature_;
  std::string help_;
};
void declare(py::handle scope, const std::string& line, const std::string& doc);

/// Gives a class its constructor: `make(const Call&)` returns what it holds, and argument 0 is `self`.
template <typename Class, typename Make>
void define_init(Class& type, const char* signature, const char* doc, Make make) {
  const Constructor constructor(py::str(type.attr("__name__")), signature, doc);
  py::options options;
  options.disable_function_signatures();
  type.def(py::init([constructor, make](const py::args& args, const py::kwargs& kwargs) {
             return make(constructor.call(args, kwargs));
           }),
           py::doc(constructor.help().c_str()));
  declare(type, signature, doc);
}

/// Throws lemnos.Error for what is not ok.
void check(Status status, const char* who);

/// Makes lemnos.Error and has C++ exceptions become it.
void define_errors(py::module_& module);

}  // namespace lemnos::python
