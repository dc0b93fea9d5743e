// What every test of a file format needs: a folder that goes away, files out of bytes, and the text of an error.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lemnos/error.h"

namespace lemnos::io::test {

using Bytes = std::vector<uint8_t>;

inline Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

template <typename T>
Bytes raw(const std::vector<T>& values) {
  const auto* begin = reinterpret_cast<const uint8_t*>(values.data());
  return {begin, begin + values.size() * sizeof(T)};
}

inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes whole;
  for (const Bytes& part : parts) std::copy(part.begin(), part.end(), std::back_inserter(whole));
  return whole;
}

/// A folder of the running test's own, removed with all it holds.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lemnos_io_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }
  /// Names of everything in it, hidden files too.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      result.push_back(entry.path().filename().string());
    std::sort(result.begin(), result.end());
    return result;
  }

 private:
  std::filesystem::path path_;
};

inline void put(const std::filesystem::path& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline std::string get(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Refusal {
  ErrorCode code = ErrorCode::internal;
  std::string message = "(nothing was thrown)";
};

template <typename Function>
Refusal refusal(Function&& function) {
  try {
    std::forward<Function>(function)();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {};
}

}  // namespace lemnos::io::test

/// The whole message is compared: it is what a user reads.
#define EXPECT_REFUSED(expression, expected_code, expected_message)                               \
  do {                                                                                            \
    const auto refused = lemnos::io::test::refusal([&] { (void)(expression); });                  \
    EXPECT_EQ(to_string(refused.code), std::string(to_string(lemnos::ErrorCode::expected_code))); \
    EXPECT_EQ(refused.message, expected_message);                                                 \
  } while (false)

/// For messages that end in the system's words: the beginning, and a part that must occur.
#define EXPECT_REFUSED_WITH(expression, expected_code, beginning, part)                           \
  do {                                                                                            \
    const auto refused = lemnos::io::test::refusal([&] { (void)(expression); });                  \
    EXPECT_EQ(to_string(refused.code), std::string(to_string(lemnos::ErrorCode::expected_code))); \
    EXPECT_TRUE(refused.message.starts_with(beginning)) << refused.message;                       \
    EXPECT_NE(refused.message.find(part), std::string::npos) << refused.message;                  \
  } while (false)
