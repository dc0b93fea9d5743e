// Attributes of ops, and options of layers, losses and optimizers: plain structs that name each field once.
//
//   struct ReduceAttrs {
//     int64_t axis = 0;
//     bool keep = false;
//     void visit(auto&& f) { f("axis", axis), f("keep", keep); }
//   };
//
// Code uses the struct directly, so a misspelt field does not compile. `visit` provides everything else: the
// declaration with its defaults, the attributes that a node stores (Attrs: names and values), printing, files, and the
// C interface.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lemnos/tensor.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// Third argument of `f` in a visit: the field has no default and must be given.
struct Required {};
inline constexpr Required kRequired;

namespace detail {
struct AnyVisitor {
  template <typename T, typename... Rest>
  void operator()(const char*, T&, Rest...) const {}
};
}  // namespace detail

/// A struct whose fields `visit` names.
template <typename T>
concept Fields = std::is_class_v<T> && std::default_initializable<T> && requires(T t, const detail::AnyVisitor& f) {
  t.visit(f);
};

/// The attributes of a node by name: integers (also flags), reals, lists of integers, words, lists of reals.
class Attrs {
 public:
  /// The types that a value may have.
  using Variant = std::variant<int64_t, double, std::vector<int64_t>, std::string, std::vector<double>>;
  /// A value of an attribute; made of numbers, booleans, words, lists and shapes.
  struct AttrValue : Variant {
    AttrValue(bool v) : Variant(int64_t{v}) {}
    AttrValue(int v) : Variant(int64_t{v}) {}
    AttrValue(uint32_t v) : Variant(int64_t{v}) {}
    AttrValue(int64_t v) : Variant(v) {}
    AttrValue(uint64_t v) : Variant(static_cast<int64_t>(v)) {}
    AttrValue(float v) : Variant(static_cast<double>(v)) {}
    AttrValue(double v) : Variant(v) {}
    AttrValue(const char* v) : Variant(std::string(v)) {}
    AttrValue(std::string v) : Variant(std::move(v)) {}
    AttrValue(std::vector<int64_t> v) : Variant(std::move(v)) {}
    AttrValue(std::vector<double> v) : Variant(std::move(v)) {}
    AttrValue(std::initializer_list<int64_t> v) : Variant(std::vector<int64_t>(v)) {}
    explicit AttrValue(const Shape& s) : Variant(std::vector<int64_t>(s.begin(), s.end())) {}
  };
  /// A name with its value.
  struct Entry {
    std::string name;
    AttrValue value;
    bool operator==(const Entry&) const = default;
  };

  Attrs() = default;
  Attrs(std::initializer_list<Entry> entries) : entries_(entries) {}
  /// Every field of a struct, in its order.
  template <Fields T>
  LEMNOS_HIDDEN Attrs(T fields);
  /// Converts to the struct. Throws `internal` if a field is absent or of another kind, which Graph::add excludes: it
  /// completes the attributes of a node and checks them against the op's declaration.
  template <Fields T>
  LEMNOS_HIDDEN T as() const;

  /// Adds an entry, or replaces the value of that name.
  void set(std::string_view name, AttrValue value);
  /// The value of that name, or null.
  const AttrValue* find(std::string_view name) const;

  /// In the order in which they were added.
  std::span<const Entry> entries() const& { return entries_; }
  std::span<const Entry> entries() const&& = delete;  // they end with a temporary
  bool operator==(const Attrs&) const = default;

 private:
  const AttrValue& at(size_t place, const std::string& prefix, const char* name) const;

  std::vector<Entry> entries_;
};

/// The words for the values of an enumeration, in order. An enumeration with such a function may be the type of a
/// field.
std::span<const char* const> words_of(DType);

/// A field as it is declared.
struct AttrDef {
  /// In the order of AttrValue's alternatives.
  enum class Kind : uint8_t { integer, real, integers, word, reals };
  std::string name;
  Attrs::AttrValue value;  // the default; its kind is the kind of the field
  bool required = false;
  std::span<const char* const> words = {};  // allowed words; empty: any
  size_t count = 0;                         // number of integers, of which one may stand for all; 0: any number

  /// That of the default value.
  Kind kind() const { return static_cast<Kind>(value.index()); }
};

/// The attributes that an op declares: `attrs_of<ReduceAttrs>`, or none.
class AttrSchema {
 public:
  /// Returns the declared attributes; called on the first use.
  using List = std::span<const AttrDef> (*)();
  constexpr AttrSchema() = default;
  constexpr AttrSchema(List list) : list_(list) {}

  /// The declared attributes, in the order of `visit`.
  std::span<const AttrDef> defs() const { return list_ ? list_() : std::span<const AttrDef>(); }
  /// Of defs().
  auto begin() const { return defs().begin(); }
  /// Of defs().
  auto end() const { return defs().end(); }
  /// `given` with every default, in the order of the declaration, so that equal nodes have equal attributes. Throws
  /// `invalid_argument`, beginning with `who`, for a name that is not declared (with those that are), a required one
  /// that is missing, or a value of another kind; `noun` is the word for a field in the message.
  Attrs complete(std::string_view who, const Attrs& given, const char* noun = "attribute") const;
  /// The declaration of a field, or null; and all names, for a message.
  const AttrDef* find(std::string_view name) const;
  /// All names, separated by commas, for messages.
  std::string names() const;

 private:
  List list_ = nullptr;
};

/// Objects that can be created by name, with options by name: for configuration files and other languages.
template <typename T>
struct Maker {
  const char* name;
  AttrSchema options;
  /// Throws as AttrSchema::complete does.
  T (*make)(const Attrs& options);
};

namespace detail {
std::string join_words(const std::vector<std::string>& words);
std::vector<std::string> split_words(const std::string& words);
void add_entry(std::vector<Attrs::Entry>& entries, const std::string& prefix, const char* name, Attrs::AttrValue value);
[[noreturn]] void fail_value(const Attrs::AttrValue& value);
size_t find_word(std::span<const char* const> words, const std::string& word);
}  // namespace detail

}  // namespace lemnos

LEMNOS_END_PUBLIC

namespace lemnos {

namespace detail {

/// Two integers, as std::array or what is made of two.
template <typename T>
concept IntegerPair = std::is_convertible_v<T, std::array<int64_t, 2>>;

/// Calls f(prefix, name, field, ..) for every field. Fields of nested structs have the prefix "outer.".
template <typename T, typename F>
void each_field(T& fields, const F& f, const std::string& prefix = {}) {
  fields.visit([&](const char* name, auto& field, auto... rest) {
    if constexpr (Fields<std::remove_cvref_t<decltype(field)>>)
      each_field(field, f, prefix + name + ".");
    else
      f(prefix, name, field, rest...);
  });
}

// Each operation on a field is a function for its type, never inlined, to keep the code of a hundred structs small.
template <typename T>
[[gnu::noinline]] Attrs::AttrValue to_value(const T& field) {
  if constexpr (std::is_enum_v<T>) {
    return words_of(field)[static_cast<size_t>(field)];
  } else if constexpr (IntegerPair<T>) {
    const std::array<int64_t, 2> pair = field;
    return std::vector<int64_t>(pair.begin(), pair.end());
  } else if constexpr (std::is_same_v<T, std::vector<float>>) {
    return std::vector<double>(field.begin(), field.end());
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return join_words(field);
  } else {
    return Attrs::AttrValue(field);
  }
}

template <typename Kind>
const Kind& get(const Attrs::AttrValue& value) {
  const auto* found = std::get_if<Kind>(static_cast<const Attrs::Variant*>(&value));
  if (!found) fail_value(value);
  return *found;
}

template <typename T>
[[gnu::noinline]] void read_value(const Attrs::AttrValue& value, T& field) {
  if constexpr (std::is_same_v<T, bool>) {
    field = get<int64_t>(value) != 0;
  } else if constexpr (std::is_integral_v<T>) {
    field = static_cast<T>(get<int64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    field = static_cast<T>(get<double>(value));
  } else if constexpr (std::is_enum_v<T>) {
    field = static_cast<T>(find_word(words_of(field), get<std::string>(value)));
  } else if constexpr (IntegerPair<T>) {
    const auto& from = get<std::vector<int64_t>>(value);
    if (from.size() != 2) fail_value(value);
    field = T{from[0], from[1]};
  } else if constexpr (std::is_same_v<T, Shape>) {
    field = Shape(get<std::vector<int64_t>>(value));
  } else if constexpr (std::is_same_v<T, std::vector<float>>) {
    field.clear();
    for (double v : get<std::vector<double>>(value)) field.push_back(static_cast<float>(v));
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    field = split_words(get<std::string>(value));
  } else {
    field = get<T>(value);
  }
}

struct Write {
  std::vector<Attrs::Entry>& entries;
  template <typename T, typename... Rest>
  void operator()(const std::string& prefix, const char* name, const T& field, Rest...) const {
    add_entry(entries, prefix, name, to_value(field));
  }
};

struct Declare {
  std::vector<AttrDef>& defs;
  template <typename T>
  [[gnu::noinline]] void operator()(const std::string& prefix, const char* name, const T& field) const {
    defs.push_back({.name = prefix + name, .value = to_value(field)});
    if constexpr (std::is_enum_v<T>) defs.back().words = words_of(field);
    if constexpr (IntegerPair<T>) defs.back().count = 2;
  }
  template <typename T>
  [[gnu::noinline]] void operator()(const std::string& prefix, const char* name, const T& field, Required) const {
    (*this)(prefix, name, field);
    defs.back().required = true;
  }
};

}  // namespace detail

/// The declaration of the struct, with the defaults of a default-constructed object.
template <Fields T>
std::span<const AttrDef> attrs_of() {
  static const std::vector<AttrDef> defs = [] {
    std::vector<AttrDef> made;
    T fields{};
    detail::each_field(fields, detail::Declare{made});
    return made;
  }();
  return defs;
}

/// Creates a struct from the given fields; all others keep their defaults. Throws as AttrSchema::complete does.
template <Fields T>
T fields_of(std::string_view who, const Attrs& given, const char* noun = "option") {
  return AttrSchema(attrs_of<T>).complete(who, given, noun).template as<T>();
}

template <Fields T>
[[gnu::noinline]] Attrs::Attrs(T fields) {
  detail::each_field(fields, detail::Write{entries_});
}

template <Fields T>
[[gnu::noinline]] T Attrs::as() const {
  T fields{};
  size_t place = 0;
  detail::each_field(fields, [&](const std::string& prefix, const char* name, auto& field, auto...) {
    detail::read_value(at(place++, prefix, name), field);
  });
  return fields;
}

}  // namespace lemnos
