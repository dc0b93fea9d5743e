// Every test program knows LEMNOS_LOCALE: "comma" is a global locale of C++ in which 1234.5 is 1.234,5; another word is
// the name of a locale for C and C++, with the same marks. A locale that is not there ends the program: a lane that
// asks for one never passes without it.
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <locale>

#include "locale_marks.h"

namespace {

bool set_locale() {
  const char* name = std::getenv("LEMNOS_LOCALE");
  if (!name) return false;
  if (std::strcmp(name, "comma") != 0) {
    if (!std::setlocale(LC_ALL, name)) {
      std::fprintf(stderr, "LEMNOS_LOCALE: there is no locale %s\n", name);
      std::_Exit(2);
    }
    std::locale::global(std::locale(name));
  }
  std::locale::global(std::locale(std::locale(), new lemnos::CommaMarks));
  return true;
}

[[maybe_unused]] const bool kLocaleIsSet = set_locale();

}  // namespace
