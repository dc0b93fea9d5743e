// A locale of our own, for machines without a German one.
#pragma once

#include <locale>
#include <string>

namespace lemnos {

/// 1234567.5 as 1.234.567,5.
class CommaMarks : public std::numpunct<char> {
 protected:
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

}  // namespace lemnos
