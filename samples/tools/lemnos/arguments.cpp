#include "arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/text.h"
#include "io/number_text.h"

namespace lemnos::tool {

namespace {

template <typename T>
std::optional<T> parsed(const std::string& word) {
  if constexpr (std::is_floating_point_v<T>) {
    const std::optional<double> number = io::parse_number(word);
    return number && std::isfinite(*number) ? number : std::nullopt;
  } else {
    T number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    return error == std::errc() && end == word.data() + word.size() ? std::optional(number) : std::nullopt;
  }
}

template <typename T>
CLI::Option* add(CLI::App* command, const std::string& name, T& value, T least, T most, const std::string& help) {
  const char* kind = std::is_floating_point_v<T> ? "a number" : "a whole number";
  const std::string range = text(kind, " from ", least, " to ", most);
  const auto take = [&value, least, most, name, range](const std::string& word) {
    const std::optional<T> number = parsed<T>(word);
    if (!number || *number < least || *number > most)
      throw CLI::ValidationError(name, io::in_quotes(word) + " is not " + range);
    value = *number;
  };
  return command->add_option_function<std::string>(name, take, help)->type_name("NUMBER");
}

// Letters to put in, take out, exchange or swap.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i)
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

std::string guess(const std::string& what, const std::string& word, const std::vector<std::string>& known) {
  const std::string meant = nearest(word, known);
  return text("unknown ", what, ' ', io::in_quotes(word),
              meant.empty() ? "" : ", did you mean " + io::in_quotes(meant) + "?");
}

}  // namespace

CLI::Option* add_number(CLI::App* command, const std::string& name, int64_t& value, int64_t least, int64_t most,
                        const std::string& help) {
  return add(command, name, value, least, most, help)->default_str(std::to_string(value));
}

CLI::Option* add_number(CLI::App* command, const std::string& name, uint64_t& value, const std::string& help) {
  return add(command, name, value, uint64_t{0}, std::numeric_limits<uint64_t>::max(), help)
      ->default_str(std::to_string(value));
}

CLI::Option* add_number(CLI::App* command, const std::string& name, double& value, double least, double most,
                        const std::string& help) {
  return add(command, name, value, least, most, help);
}

CLI::Option* add_name(CLI::App* command, const std::string& name, std::string& value, const std::string& help) {
  const auto take = [&value, name](const std::string& word) {
    if (word.empty()) throw CLI::ValidationError(name, "is empty");
    value = word;
  };
  CLI::Option* option = command->add_option_function<std::string>(name, take, help)->type_name("NAME");
  if (!value.empty()) option->default_str(value);
  return option;
}

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  size_t least = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : known)
    if (const size_t d = distance(word, candidate); d < least) {
      least = d;
      best = candidate;
    }
  return best;
}

std::string unknown_word(CLI::App& app, int argc, char** argv) {
  CLI::App* command = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("--") && word.size() > 2) {
      const std::string name = word.substr(0, word.find('='));
      if (command->get_option_no_throw(name) || app.get_option_no_throw(name)) continue;
      std::vector<std::string> known;
      for (const CLI::Option* option : command->get_options())
        for (const std::string& long_name : option->get_lnames()) known.push_back("--" + long_name);
      return guess("option", name, known);
    }
    if (word.starts_with("-")) continue;
    std::vector<std::string> known;
    CLI::App* next = nullptr;
    for (CLI::App* sub : command->get_subcommands([](CLI::App*) { return true; })) {
      known.push_back(sub->get_name());
      if (sub->get_name() == word) next = sub;
    }
    if (next)
      command = next;
    else if (command == &app)
      return guess("command", word, known);
  }
  return {};
}

}  // namespace lemnos::tool
