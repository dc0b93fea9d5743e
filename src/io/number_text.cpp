#include "io/number_text.h"

#include <charconv>
#include <cmath>
#include <locale>
#include <sstream>

#include "base/text.h"

namespace lemnos::io {

std::string shortest(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
#ifdef __cpp_lib_to_chars
  char buffer[40];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc{} ? std::string(buffer, end) : std::string("nan");
#else
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out.precision(17);
  out << value;
  return std::move(out).str();
#endif
}

std::string fixed(double value, int decimals) {
  double scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  if (!(std::fabs(value) < 0x1p62 / scale)) return shortest(value);
  const long long scaled = std::llround(value * scale);
  std::string digits = std::to_string(scaled < 0 ? -scaled : scaled);
  if (decimals > 0) {
    const auto places = static_cast<size_t>(decimals);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  return scaled < 0 ? "-" + digits : digits;
}

std::string first_of(const std::vector<std::string>& words) {
  constexpr size_t kMost = 20;
  std::string out;
  for (size_t i = 0; i < words.size() && i < kMost; ++i) out += (i ? ", " : "") + words[i];
  return words.size() > kMost ? text(out, " and ", words.size() - kMost, " more") : out;
}

std::string in_quotes(std::string_view text) {
  constexpr size_t kLongest = 80;
  std::string result = "\"";
  for (const char c : text.substr(0, kLongest)) result += c >= ' ' && c <= '~' && c != '"' ? c : '?';
  return result + (text.size() > kLongest ? "...\"" : "\"");
}

}  // namespace lemnos::io
