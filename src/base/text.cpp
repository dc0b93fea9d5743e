#include "base/text.h"

#include <charconv>
#include <clocale>
#include <cstdarg>
#include <cstdio>

#ifdef __APPLE__
#include <xlocale.h>
#endif

namespace lemnos {

namespace {

#ifdef _WIN32

int print_in_c(char* to, size_t size, const char* pattern, va_list values) {
  static const _locale_t c = _create_locale(LC_ALL, "C");
  return size == 0 ? _vscprintf_l(pattern, c, values) : _vsnprintf_l(to, size, pattern, c, values);
}

#else

// Of the thread alone: another thread that prints at this moment sees nothing of it.
int print_in_c(char* to, size_t size, const char* pattern, va_list values) {
  static const locale_t c = ::newlocale(LC_ALL_MASK, "C", locale_t{});
  const locale_t before = ::uselocale(c);
  const int length = std::vsnprintf(to, size, pattern, values);
  ::uselocale(before);
  return length;
}

#endif

}  // namespace

std::string formatted(const char* pattern, ...) {
  va_list values, again;
  va_start(values, pattern);
  va_copy(again, values);
  const int length = print_in_c(nullptr, 0, pattern, values);
  va_end(values);
  std::string out(length > 0 ? static_cast<size_t>(length) : 0, '\0');
  if (!out.empty()) print_in_c(out.data(), out.size() + 1, pattern, again);
  va_end(again);
  return out;
}

std::optional<double> parse_number(std::string_view word) {
  while (!word.empty() && (word.front() == ' ' || word.front() == '\t')) word.remove_prefix(1);
  while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
  if (word.size() > 1 && word[0] == '+' && word[1] != '-') word.remove_prefix(1);
  if (word.empty()) return std::nullopt;
  double value = 0;
#ifdef __cpp_lib_to_chars
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
#else
  std::istringstream in{std::string(word)};
  in.imbue(std::locale::classic());
  if (!(in >> value) || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
#endif
  return value;
}

std::string bytes_text(uint64_t bytes) {
  if (bytes < 10240) return text(bytes, " B");
  if (bytes < uint64_t{10} << 20) return formatted("%.1f KiB", static_cast<double>(bytes) / 1024);
  return formatted("%.1f MiB", static_cast<double>(bytes) / (1 << 20));
}

std::string padded(const std::string& word, size_t width) {
  return word + std::string(word.size() < width ? width - word.size() : 1, ' ');
}

std::string lower_case(std::string_view word) {
  std::string out(word);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace lemnos
