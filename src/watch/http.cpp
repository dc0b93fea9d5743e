#include "watch/http.h"

#include <array>

#include "base/text.h"

namespace lemnos::watch {

namespace {

constexpr const char* kPlain = "text/plain; charset=utf-8";

std::string_view trimmed(std::string_view words) {
  const size_t first = words.find_first_not_of(" \t");
  if (first == words.npos) return {};
  return words.substr(first, words.find_last_not_of(" \t") - first + 1);
}

std::string small_letters(std::string_view words) {
  std::string out(words);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool take_header(Request& request, std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == line.npos || colon == 0) return false;
  const std::string name = small_letters(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "host") request.host = small_letters(value);
  if (name == "origin") request.origin = small_letters(value);
  if (name == "x-lemnos-token") request.token = value;
  if (name == "transfer-encoding" || (name == "content-length" && value != "0")) request.has_body = true;
  return true;
}

// In a time that says nothing of how much of it is right.
bool same_token(std::string_view given, std::string_view wanted) {
  unsigned different = given.size() != wanted.size();
  for (size_t i = 0; i < wanted.size(); ++i)
    different |= static_cast<unsigned char>(wanted[i]) ^ static_cast<unsigned char>(i < given.size() ? given[i] : 0);
  return different == 0;
}

const char* words_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 431: return "Request Header Fields Too Large";
    default: return "Error";
  }
}

}  // namespace

std::string_view Request::parameter(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
    rest.remove_prefix(pair.size() < rest.size() ? pair.size() + 1 : pair.size());
  }
  return {};
}

std::optional<Request> parse_request(std::string_view head) {
  const size_t end = head.find("\r\n");
  if (end == head.npos || head.find('\0') != head.npos) return std::nullopt;
  const std::string_view line = head.substr(0, end);
  const size_t first = line.find(' '), second = line.rfind(' ');
  if (first == line.npos || first == second || !line.substr(second + 1).starts_with("HTTP/1.")) return std::nullopt;
  const std::string_view target = line.substr(first + 1, second - first - 1);
  if (!target.starts_with('/') || target.find(' ') != target.npos) return std::nullopt;
  Request request;
  request.method = line.substr(0, first);
  request.path = target.substr(0, target.find('?'));
  if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
  head.remove_prefix(end + 2);
  while (!head.empty() && !head.starts_with("\r\n")) {
    const size_t stop = head.find("\r\n");
    if (stop == head.npos || !take_header(request, head.substr(0, stop))) return std::nullopt;
    head.remove_prefix(stop + 2);
  }
  if (request.token.empty()) request.token = request.parameter("token");
  return request;
}

std::string bytes_of(const Answer& answer) {
  return text("HTTP/1.1 ", answer.status, ' ', words_of(answer.status), "\r\nContent-Type: ", answer.type,
              "\r\nContent-Length: ", answer.body.size(),
              "\r\nConnection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
              "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
              "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
              "img-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n\r\n",
              answer.body);
}

std::optional<Answer> refusal_of(const Request& request, int port, std::string_view token) {
  const std::array hosts = {text("127.0.0.1:", port), text("localhost:", port)};
  const auto is_ours = [&](std::string_view name) { return name == hosts[0] || name == hosts[1]; };
  if (!is_ours(request.host)) return Answer{403, kPlain, text("This is ", hosts[0], " alone.\n")};
  if (!request.origin.empty() && !(request.origin.starts_with("http://") && is_ours(request.origin.substr(7))))
    return Answer{403, kPlain, "No other page may ask here.\n"};
  if (!same_token(request.token, token))
    return Answer{403, kPlain, "Open the address that the program printed: it holds the token of this run.\n"};
  if (request.has_body) return Answer{413, kPlain, "No request here has a body.\n"};
  return std::nullopt;
}

}  // namespace lemnos::watch
