// As much of HTTP/1.1 as the page needs: a request without a body, an answer, and who may ask.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lemnos::watch {

inline constexpr size_t kMostRequestBytes = 8192;

struct Request {
  std::string method, path, query;  // "POST", "/rate", "factor=.5"
  std::string host, origin, token;  // of the headers; the token may stand in the query too
  bool has_body = false;

  /// The value of that name in the query; empty where there is none.
  std::string_view parameter(std::string_view name) const;
};

/// The head of a request, up to and with its empty line. No value: it is none.
std::optional<Request> parse_request(std::string_view head);

struct Answer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

/// The answer as bytes; the connection ends with it, no cache keeps it, and a page may load nothing but itself.
std::string bytes_of(const Answer& answer);

/// Who may ask: one that names this host as 127.0.0.1 or localhost (a name of the outside may be made to lead here), no
/// page from elsewhere, and with the token. No value: go on.
std::optional<Answer> refusal_of(const Request& request, int port, std::string_view token);

}  // namespace lemnos::watch
