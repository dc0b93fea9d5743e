// Numbers as text with a decimal point, in every locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lemnos::io {

/// The shortest text that reads back to the same bits; "nan", "inf", "-inf" where it is no number.
std::string shortest(double value);

/// `decimals` (0 to 15) digits after the point; values past 2^62 / 10^decimals fall back to `shortest`.
std::string fixed(double value, int decimals);

/// The whole of `text` (spaces around it aside, a plus sign allowed) as a number; nothing when it is not one.
std::optional<double> parse_number(std::string_view text);

/// For a message: the first twenty words and the number of further ones.
std::string first_of(const std::vector<std::string>& words);

/// For a message: control characters and bytes outside ASCII replaced, at most 80 characters, in quotes.
std::string in_quotes(std::string_view text);

}  // namespace lemnos::io
