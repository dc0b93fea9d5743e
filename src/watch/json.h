// Text in JSON, written from front to back.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace lemnos::watch {

class Json {
 public:
  Json& open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
    return *this;
  }
  Json& close(char bracket) {
    out_ += bracket;
    comma_ = true;
    return *this;
  }
  Json& key(std::string_view name) {
    add(name);
    out_ += ':';
    comma_ = false;
    return *this;
  }
  Json& add(std::string_view words) {
    separate();
    out_ += '"';
    for (const char c : words) escape(c);
    out_ += '"';
    return *this;
  }
  Json& add(const char* words) { return add(std::string_view(words)); }
  Json& add(bool value) { return raw(value ? "true" : "false"); }
  /// Six digits are more than a picture shows. What is no number is null.
  Json& add(double value) {
    if (!std::isfinite(value)) return raw("null");
    char digits[40];
    const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general, 6).ptr;
    return raw({digits, static_cast<size_t>(end - digits)});
  }
  Json& add(std::integral auto value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return raw({digits, static_cast<size_t>(end - digits)});
  }
  template <typename T>
  Json& field(std::string_view name, const T& value) {
    return key(name).add(value);
  }
  template <typename List>
  Json& list(std::string_view name, const List& values) {
    key(name).open('[');
    for (const auto& value : values) add(value);
    return close(']');
  }
  /// What is JSON already.
  Json& raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
  }
  std::string take() { return std::move(out_); }

 private:
  void separate() {
    if (comma_) out_ += ',';
    comma_ = true;
  }
  // A name may hold anything; the page reads UTF-8, and replaces what is none.
  void escape(char c) {
    constexpr const char* kHex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out_ += '\\';
    if (byte < 0x20)
      (out_ += "\\u00") += {kHex[byte >> 4], kHex[byte & 15]};
    else
      out_ += c;
  }

  std::string out_;
  bool comma_ = false;
};

}  // namespace lemnos::watch
