#include "base/text.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <locale>
#include <sstream>

#include "locale_marks.h"

namespace lemnos {
namespace {

class GlobalLocale {
 public:
  GlobalLocale() : before_(std::locale::global(std::locale(std::locale(), new CommaMarks))) {}
  ~GlobalLocale() { std::locale::global(before_); }

 private:
  std::locale before_;
};

TEST(Text, ALaneThatAsksForALocaleHasIt) {
  const char* name = std::getenv("LEMNOS_LOCALE");
  if (!name) GTEST_SKIP() << "LEMNOS_LOCALE names none";
  std::ostringstream out;
  out << 1234567;
  EXPECT_EQ(out.str(), "1.234.567");
  if (std::string(name) == "comma") return;
  char number[16];
  std::snprintf(number, sizeof number, "%.1f", 1234.5);
  EXPECT_STREQ(number, "1234,5");
}

TEST(Text, NumbersInMessagesHaveAPointAndNoGroups) {
  const GlobalLocale comma;
  EXPECT_EQ(text(1234567, ' ', -1234.5, ' ', size_t{1000000}, ' ', 2.5f, ' ', Shape{65536, 1024}),
            "1234567 -1234.5 1000000 2.5 [65536, 1024]");
  try {
    require(false, ErrorCode::io, "has ", 1000000, " bytes");
    FAIL() << "require() let a failure pass";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("has 1000000 bytes"), std::string::npos) << error.what();
  }
}

TEST(Text, FormattedPrintsAsInC) {
  const GlobalLocale comma;
  EXPECT_EQ(formatted("%.4f|%-8s|%5d|%.9g|%08x", 1234.5, "ab", 42, 1e-7, 48879u),
            "1234.5000|ab      |   42|1e-07|0000beef");
  EXPECT_EQ(formatted("%s", ""), "");
  EXPECT_EQ(formatted("%s", std::string(5000, 'x').c_str()), std::string(5000, 'x'));
}

TEST(Text, LowerCaseKnowsTheLettersOfAsciiAlone) {
  EXPECT_EQ(lower_case("RTX 4090 IIi \xc4\xb0\xdd"), "rtx 4090 iii \xc4\xb0\xdd");
}

}  // namespace
}  // namespace lemnos
