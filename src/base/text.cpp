#include "base/text.h"

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
