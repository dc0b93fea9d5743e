// What the options of every command have in common: numbers that are numbers, names that are not empty, and a guess at
// what a misspelt word meant.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace lemnos::tool {

/// An option of one number from `least` to `most`. Anything else (a word, NaN, a fraction where integers are asked for,
/// a number that overflows or lies outside) is refused with the range.
CLI::Option* add_number(CLI::App* command, const std::string& name, int64_t& value, int64_t least, int64_t most,
                        const std::string& help);
CLI::Option* add_number(CLI::App* command, const std::string& name, uint64_t& value, const std::string& help);
CLI::Option* add_number(CLI::App* command, const std::string& name, double& value, double least, double most,
                        const std::string& help);

/// An option of a name: of a file, a folder, a device. "" is refused, as it is what a variable that is not set gives.
CLI::Option* add_name(CLI::App* command, const std::string& name, std::string& value, const std::string& help);

/// The known word that `word` is nearest to; empty where none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

/// What is wrong with the arguments where a command or an option is unknown; empty where they are all known.
std::string unknown_word(CLI::App& app, int argc, char** argv);

}  // namespace lemnos::tool
