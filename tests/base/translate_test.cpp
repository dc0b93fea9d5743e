#include "base/translate.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <tuple>

namespace lemnos {
namespace {

TEST(Translated, LetsNothingButErrorOut) {
  const std::error_code busy = std::make_error_code(std::errc::device_or_resource_busy);
  const std::tuple<std::function<void()>, ErrorCode, std::string> cases[] = {
      {[] { throw std::bad_alloc(); }, ErrorCode::out_of_memory, "a.csv: out of memory"},
      {[] { throw std::length_error("vector"); }, ErrorCode::out_of_memory,
       "a.csv: the requested size exceeds the address space"},
      {[&] { throw std::filesystem::filesystem_error("status", "/x", busy); }, ErrorCode::io,
       "a.csv: /x: " + reason_of(busy)},
      {[] { throw std::runtime_error("odd"); }, ErrorCode::internal, "a.csv: odd"},
      {[] { fail(ErrorCode::corrupt_data, "b: wrong"); }, ErrorCode::corrupt_data, "b: wrong"},
  };
  for (const auto& [act, code, message] : cases) try {
      translated("a.csv", act);
      ADD_FAILURE() << "nothing was thrown for " << message;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_EQ(error.what(), message);
    }
  EXPECT_EQ(translated("a.csv", [] { return 7; }), 7);
}

TEST(SystemReason, IsOfTheCallThatFailedAndInEnglish) {
  errno = 0;
  try {
    require(::rename("/nowhere/a", "/nowhere/b") == 0, ErrorCode::io, "rename: ", kSystemReason);
    ADD_FAILURE() << "/nowhere is somewhere";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "rename: No such file or directory");
  }
  EXPECT_EQ(reason_of(std::make_error_code(std::errc::not_a_directory)), "Not a directory");
}

}  // namespace
}  // namespace lemnos
