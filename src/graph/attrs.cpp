#include <algorithm>

#include "base/text.h"
#include "lemnos/graph.h"

namespace lemnos {

const Attrs::AttrValue* Attrs::find(std::string_view name) const {
  const auto it = std::ranges::find(entries_, name, &Entry::name);
  return it == entries_.end() ? nullptr : &it->value;
}

void Attrs::set(std::string_view name, AttrValue value) {
  const auto it = std::ranges::find(entries_, name, &Entry::name);
  if (it != entries_.end())
    it->value = std::move(value);
  else
    entries_.push_back({std::string(name), std::move(value)});
}

namespace {
template <typename Kind>
const Kind& get(const Attrs& attrs, std::string_view name) {
  const Attrs::AttrValue* value = attrs.find(name);
  require(value != nullptr, ErrorCode::internal, "attribute '", name, "' is absent");
  const Kind* kind = std::get_if<Kind>(static_cast<const Attrs::Variant*>(value));
  require(kind != nullptr, ErrorCode::internal, "attribute '", name, "' is of another kind");
  return *kind;
}
}  // namespace

int64_t Attrs::integer(std::string_view name) const { return get<int64_t>(*this, name); }
double Attrs::real(std::string_view name) const { return get<double>(*this, name); }
const std::vector<int64_t>& Attrs::integers(std::string_view name) const {
  return get<std::vector<int64_t>>(*this, name);
}
const std::string& Attrs::word(std::string_view name) const { return get<std::string>(*this, name); }

}  // namespace lemnos
