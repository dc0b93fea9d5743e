// Numbers as text with a decimal point, in every locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace lemnos::io {

/// The shortest text that reads back to the same bits; "nan", "inf", "-inf" where it is no number.
std::string shortest(double value);

/// `decimals` (0 to 15) digits after the point; values past 2^62 / 10^decimals fall back to `shortest`.
std::string fixed(double value, int decimals);

using lemnos::parse_number;

/// For a message: the first twenty words and the number of further ones.
std::string first_of(const std::vector<std::string>& words);

/// For a message: control characters and bytes outside ASCII replaced, at most 80 characters, in quotes.
std::string in_quotes(std::string_view text);

}  // namespace lemnos::io
