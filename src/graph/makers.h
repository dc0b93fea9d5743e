// Lists of objects that are created by name.
#pragma once

#include <span>
#include <string>
#include <type_traits>

#include "base/text.h"
#include "lemnos/attrs.h"

namespace lemnos {

template <typename... S>
struct TypeList {};

/// A T from each of the structs S, which have a kKind; a struct without fields has no visit.
template <typename T, typename... S>
std::span<const Maker<T>> makers_of(TypeList<S...>) {
  static constexpr auto maker = []<typename One>(std::type_identity<One>) {
    if constexpr (std::is_empty_v<One>)
      return Maker<T>{One::kKind, {}, [](const Attrs& options) {
                        AttrSchema().complete(One::kKind, options, "option");
                        return T(One{});
                      }};
    else
      return Maker<T>{One::kKind, attrs_of<One>,
                      [](const Attrs& options) { return T(fields_of<One>(One::kKind, options)); }};
  };
  static constexpr Maker<T> all[] = {maker(std::type_identity<S>())...};
  return all;
}

/// Throws `not_found`: "layer: 'lstn' is unknown; there are linear, ..".
template <typename T>
const Maker<T>& find_maker(std::span<const Maker<T>> makers, const std::string& name, const char* noun) {
  std::string known;
  for (const Maker<T>& maker : makers) {
    if (name == maker.name) return maker;
    known += text(known.empty() ? "" : ", ", maker.name);
  }
  fail(ErrorCode::not_found, noun, ": '", name, "' is unknown; there are ", known);
}

}  // namespace lemnos
