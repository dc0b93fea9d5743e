// C++ values from Python's and back, by type. Mistakes are one line that names the function and the argument.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "call.h"
#include "lemnos/attrs.h"
#include "lemnos/graph.h"
#include "tensor.h"
#include "values.h"

namespace lemnos::python {

/// The words of an enumeration; the generated tables specialise it for each of the public headers.
template <typename E>
struct Words;

template <>
struct Words<DType> {
  static std::span<const char* const> all() { return words_of(DType::f32); }
};

int64_t integer_of(const Where& where, py::handle given, int64_t low, uint64_t high);
double real_of(const Where& where, py::handle given);
bool flag_of(const Where& where, py::handle given);
std::string word_of(const Where& where, py::handle given);
size_t one_of(const Where& where, py::handle given, std::span<const char* const> words);
std::vector<int64_t> integers_of(const Where& where, py::handle given);
std::vector<double> reals_of(const Where& where, py::handle given);
std::vector<py::object> items_of(const Where& where, py::handle given, const char* wanted);
/// A value, or a constant beside the call's first value: a number in its dtype, an array in its own.
Value operand_of(const Call& call, size_t i, py::handle given);
Graph& graph_of(const Where& where, py::handle given);

template <std::integral T>
requires(!std::is_same_v<T, bool>) struct From<T> {
  static T get(const Call& c, size_t i, py::handle h) {
    return static_cast<T>(integer_of(c.where(i), h, static_cast<int64_t>(std::numeric_limits<T>::min()),
                                     static_cast<uint64_t>(std::numeric_limits<T>::max())));
  }
};
template <>
struct From<bool> {
  static bool get(const Call& c, size_t i, py::handle h) { return flag_of(c.where(i), h); }
};
template <std::floating_point T>
struct From<T> {
  static T get(const Call& c, size_t i, py::handle h) { return static_cast<T>(real_of(c.where(i), h)); }
};
template <>
struct From<std::string> {
  static std::string get(const Call& c, size_t i, py::handle h) { return word_of(c.where(i), h); }
};
template <>
struct From<std::filesystem::path> {
  static std::filesystem::path get(const Call& c, size_t i, py::handle h);
};
template <typename T>
requires std::is_enum_v<T>
struct From<T> {
  static T get(const Call& c, size_t i, py::handle h) { return static_cast<T>(one_of(c.where(i), h, Words<T>::all())); }
};
template <>
struct From<Shape> {
  static Shape get(const Call& c, size_t i, py::handle h) { return Shape(integers_of(c.where(i), h)); }
};
template <size_t n>
struct From<std::array<int64_t, n>> {
  static std::array<int64_t, n> get(const Call& c, size_t i, py::handle h) {
    const std::vector<int64_t> given = integers_of(c.where(i), h);
    std::array<int64_t, n> made;
    if (given.size() != 1 && given.size() != n)
      wrong_type(c.where(i), h, std::to_string(n) + " whole numbers, or one for all of them");
    for (size_t k = 0; k < n; ++k) made[k] = given[given.size() == 1 ? 0 : k];
    return made;
  }
};
template <>
struct From<Value> {
  static Value get(const Call& c, size_t i, py::handle h) { return operand_of(c, i, h); }
};
template <>
struct From<Graph*> {
  static Graph* get(const Call& c, size_t i, py::handle h) { return &graph_of(c.where(i), h); }
};
template <>
struct From<const data::Dataset*> {
  static const data::Dataset* get(const Call& c, size_t i, py::handle h) {
    if (!py::isinstance<data::Dataset>(h)) wrong_type(c.where(i), h, "a Dataset");
    return &py::cast<const data::Dataset&>(h);
  }
};
template <>
struct From<data::Array> {
  static data::Array get(const Call& c, size_t i, py::handle h) { return tensor_of(c.where(i), h).array(); }
};

/// Lists of anything; numbers also from an array.
template <typename T>
struct From<std::vector<T>> {
  static std::vector<T> get(const Call& c, size_t i, py::handle h) {
    std::vector<T> made;
    if constexpr (std::is_same_v<T, int64_t>) {
      return integers_of(c.where(i), h);
    } else if constexpr (std::is_same_v<T, int32_t> || std::is_same_v<T, float>) {
      const DType dtype = std::is_same_v<T, float> ? DType::f32 : DType::i32;
      const PyTensor array = is_array(h) ? tensor_of(c.where(i), h) : tensor_of_numbers(c.where(i), h, dtype);
      const PyTensor checked = tensor_of(c.where(i), py::cast(array), {array.desc().shape, dtype});
      const auto* first = reinterpret_cast<const T*>(checked.data());
      return {first, first + checked.desc().elements()};
    } else if constexpr (std::is_same_v<T, double>) {
      return reals_of(c.where(i), h);
    } else {
      for (const py::object& item : items_of(c.where(i), h, "a list")) made.push_back(From<T>::get(c, i, item));
      return made;
    }
  }
};
template <typename A, typename B>
struct From<std::pair<A, B>> {
  static std::pair<A, B> get(const Call& c, size_t i, py::handle h) {
    const auto items = items_of(c.where(i), h, "pairs");
    if (items.size() != 2) wrong_type(c.where(i), h, "pairs");
    return {From<A>::get(c, i, items[0]), From<B>::get(c, i, items[1])};
  }
};
template <typename T>
struct From<std::optional<T>> {
  static std::optional<T> get(const Call& c, size_t i, py::handle h) { return From<T>::get(c, i, h); }
};
template <typename T>
struct From<std::map<std::string, T>> {
  static std::map<std::string, T> get(const Call& c, size_t i, py::handle h) {
    std::map<std::string, T> made;
    if (!py::isinstance<py::dict>(h)) wrong_type(c.where(i), h, "a dict");
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(h))
      made.emplace(word_of(c.where(i), key), From<T>::get(c, i, value));
    return made;
  }
};

// To Python
// ------------------------------------------------------------------------------------------------------------

/// A Python object from T; the generated tables add the structs that are results.
template <typename T>
struct To;
template <typename T>
py::object give(const T& v) {
  return To<T>::give(v);
}
inline py::object give(const char* v) { return py::str(v); }

template <std::integral T>
struct To<T> {
  static py::object give(T v) {
    if constexpr (std::is_same_v<T, bool>) return py::bool_(v);
    return py::int_(v);
  }
};
template <std::floating_point T>
struct To<T> {
  static py::object give(T v) { return py::float_(static_cast<double>(v)); }
};
template <typename T>
requires std::is_enum_v<T>
struct To<T> {
  static py::object give(T v) { return py::str(Words<T>::all()[static_cast<size_t>(v)]); }
};
template <>
struct To<std::string> {
  static py::object give(const std::string& v) { return py::str(v); }
};
template <>
struct To<Shape> {
  static py::object give(const Shape& shape);
};
template <>
struct To<Value> {
  static py::object give(Value v);
};
template <>
struct To<data::Array> {
  static py::object give(const data::Array& array);
};
template <>
struct To<data::Dataset> {
  static py::object give(const data::Dataset& dataset) { return py::cast(dataset); }
};
template <>
struct To<data::Scaling> {
  static py::object give(const data::Scaling& scaling) { return py::cast(scaling); }
};
template <typename T, size_t n>
struct To<std::array<T, n>> {
  static py::object give(const std::array<T, n>& items) {
    py::tuple made(n);
    for (size_t i = 0; i < n; ++i) made[i] = To<T>::give(items[i]);
    return made;
  }
};
template <typename A, typename B>
struct To<std::pair<A, B>> {
  static py::object give(const std::pair<A, B>& items) {
    return py::make_tuple(To<A>::give(items.first), To<B>::give(items.second));
  }
};
template <typename T>
struct To<std::vector<T>> {
  static py::object give(const std::vector<T>& items) {
    py::list made;
    for (const auto& item : items) made.append(To<T>::give(item));
    return made;
  }
};

/// A named tuple: what a struct of the public headers is in Python. `fields` are "loss: float" each.
void define_record(py::module_& module, const char* name, const char* doc, std::span<const char* const> fields);
py::object record(const char* name, std::initializer_list<py::object> values);

/// Keyword arguments as what an op, a layer, a loss or an optimizer declares. Throws `not_found` with the names that
/// there are; a dict or an Init stands for the fields "name.field".
Attrs attrs_of_arguments(const std::string& who, const AttrSchema& schema, const py::kwargs& given);

}  // namespace lemnos::python
