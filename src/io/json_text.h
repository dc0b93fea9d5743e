// One limit for all JSON that is read: a few thousand brackets must not become as many calls on the stack, and what is
// behind a NUL, where the parser would stop, is not ignored.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "io/number_text.h"

namespace lemnos::io {

inline constexpr int kMaxJsonDepth = 32;

inline void require_no_nul(std::string_view text, const std::string& name) {
  const size_t at = text.find('\0');
  require(at == std::string_view::npos, ErrorCode::corrupt_data, name, ": is not JSON: a NUL at byte ", at);
}

/// The document, of type nlohmann::json or ordered_json. Throws `corrupt_data` naming the file and the byte, and for an
/// object that says two things under one name.
template <typename Json>
Json parse_json(std::string_view text, const std::string& name) {
  require_no_nul(text, name);
  using Event = typename Json::parse_event_t;
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto look = [&](int depth, Event event, Json& value) {
    const bool opens = event == Event::object_start || event == Event::array_start;
    require(!opens || depth < kMaxJsonDepth, ErrorCode::corrupt_data, name, ": is nested deeper than ", kMaxJsonDepth);
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key)
      require(keys.back().insert(value.template get<std::string>()).second, ErrorCode::corrupt_data, name, ": ",
              in_quotes(value.template get<std::string>()), " occurs twice in an object");
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), look);
  } catch (const nlohmann::json::parse_error& e) {
    fail(ErrorCode::corrupt_data, name, ": is not JSON at byte ", e.byte);
  } catch (const nlohmann::json::exception& e) {
    fail(ErrorCode::corrupt_data, name, ": ", e.what());
  }
}

}  // namespace lemnos::io
