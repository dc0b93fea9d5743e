#include <algorithm>

#include "base/text.h"
#include "lemnos/attrs.h"

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
// The value of a field that was given, as the declaration wants it.
Attrs::AttrValue checked(const AttrDef& def, Attrs::AttrValue value, std::string_view who, const char* noun) {
  if (def.kind() == AttrDef::Kind::real && std::holds_alternative<int64_t>(value))
    value = static_cast<double>(std::get<int64_t>(value));
  if (def.count > 0 && std::holds_alternative<int64_t>(value))
    value = std::vector<int64_t>(def.count, std::get<int64_t>(value));
  require(value.index() == def.value.index(), ErrorCode::invalid_argument, who, ": ", noun, " '", def.name,
          "' has the wrong kind of value");
  if (def.count > 0) {
    const size_t count = std::get<std::vector<int64_t>>(value).size();
    require(count == def.count, ErrorCode::invalid_argument, who, ": ", noun, " '", def.name, "' has ", count,
            " entries, it takes ", def.count);
  }
  if (!def.words.empty()) {
    const std::string& word = std::get<std::string>(value);
    if (std::ranges::find(def.words, word) == def.words.end()) {
      std::string words;
      for (const char* known : def.words) words += text(words.empty() ? "" : ", ", known);
      fail(ErrorCode::invalid_argument, who, ": ", noun, " '", def.name, "' is '", word, "', it takes ", words);
    }
  }
  return value;
}
}  // namespace

Attrs AttrSchema::complete(std::string_view who, const Attrs& given, const char* noun) const {
  const std::span<const AttrDef> declared = defs();
  for (const Attrs::Entry& entry : given.entries())
    if (!find(entry.name))  // names() costs more than all else here
      fail(ErrorCode::invalid_argument, who, ": no ", noun, " '", entry.name, "'; it has ", names());
  Attrs full;
  for (const AttrDef& def : declared) {
    const Attrs::AttrValue* value = given.find(def.name);
    require(value || !def.required, ErrorCode::invalid_argument, who, ": ", noun, " '", def.name, "' is missing");
    full.set(def.name, value ? checked(def, *value, who, noun) : def.value);
  }
  return full;
}

const AttrDef* AttrSchema::find(std::string_view name) const {
  const std::span<const AttrDef> declared = defs();
  const auto found = std::ranges::find(declared, name, &AttrDef::name);
  return found == declared.end() ? nullptr : &*found;
}

std::string AttrSchema::names() const {
  std::string all;
  for (const AttrDef& def : defs()) all += text(all.empty() ? "" : ", ", def.name);
  return all.empty() ? "none" : all;
}

const Attrs::AttrValue& Attrs::at(size_t place, const std::string& prefix, const char* name) const {
  if (prefix.empty() && place < entries_.size() && entries_[place].name == name) return entries_[place].value;
  const AttrValue* value = find(prefix + name);
  require(value != nullptr, ErrorCode::internal, "attribute '", prefix, name, "' is absent");
  return *value;
}

void detail::add_entry(std::vector<Attrs::Entry>& entries, const std::string& prefix, const char* name,
                       Attrs::AttrValue value) {
  entries.push_back({prefix + name, std::move(value)});
}

void detail::fail_value(const Attrs::AttrValue& value) {
  fail(ErrorCode::internal, "an attribute of kind ", value.index(), " is read as another, or has another length");
}

std::string detail::join_words(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ",") + word;
  return joined;
}

std::vector<std::string> detail::split_words(const std::string& words) {
  std::vector<std::string> split;
  for (size_t begin = 0; begin < words.size();) {
    const size_t end = std::min(words.find(',', begin), words.size());
    split.push_back(words.substr(begin, end - begin));
    begin = end + 1;
  }
  return split;
}

size_t detail::find_word(std::span<const char* const> words, const std::string& word) {
  const auto found = std::ranges::find(words, word);
  require(found != words.end(), ErrorCode::internal, "no attribute takes the word '", word, "'");
  return static_cast<size_t>(found - words.begin());
}

std::span<const char* const> words_of(DType) {
  static const auto words = [] {
    std::array<const char*, static_cast<size_t>(DType::boolean) + 1> made{};
    for (size_t i = 0; i < made.size(); ++i) made[i] = to_string(static_cast<DType>(i));
    return made;
  }();
  return words;
}

}  // namespace lemnos
